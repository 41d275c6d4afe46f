import com.google.gson.GsonBuilder;
import java.io.ByteArrayInputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.namespace.QName;
import org.apache.xmlbeans.SchemaType;
import org.apache.xmlbeans.SchemaTypeSystem;
import org.apache.xmlbeans.XmlBeans;
import org.apache.xmlbeans.XmlCursor;
import org.apache.xmlbeans.XmlError;
import org.apache.xmlbeans.XmlObject;
import org.apache.xmlbeans.XmlOptions;
import org.apache.xmlbeans.impl.xb.xsdschema.SchemaDocument;
import org.apache.xmlbeans.impl.xsd2inst.SampleXmlUtil;

/**
 * Does with XMLBeans what SoapUI does on import: compiles the schema of the live WSDL, makes a sample
 * request of each operation, sends requests, and validates their answers against the schema.
 *
 * <p>Prints a JSON object: the operations with a sample, the problems found, and the fields of the
 * answers as XPath finds them. Arguments: the address, the API key, a time entry, an expense.
 */
final class XmlBeansClient {
    private static final String NAMESPACE = "urn:kimai-remote";
    private static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";

    private final Map<String, Object> report = new TreeMap<>();
    private final List<String> problems = new ArrayList<>();
    private final HttpClient http = HttpClient.newHttpClient();
    private final URI address;
    private final SchemaTypeSystem types;

    private XmlBeansClient(URI address) throws Exception {
        this.address = address;
        XmlObject wsdl = XmlObject.Factory.parse(new URL(address + "?wsdl"));
        XmlObject[] schemas = wsdl.selectPath(
            "declare namespace xs='http://www.w3.org/2001/XMLSchema' .//xs:schema");
        for (int place = 0; place < schemas.length; place++) {
            String text = schemas[place].xmlText(new XmlOptions().setSaveOuter());
            schemas[place] = SchemaDocument.Factory.parse(text);
        }
        types = XmlBeans.compileXsd(schemas, XmlBeans.getBuiltinTypeSystem(), null);
        report.put("problems", problems);
        report.put("operations", operations(wsdl));
    }

    public static void main(String[] arguments) throws Exception {
        XmlBeansClient client = new XmlBeansClient(URI.create(arguments[0]));
        String key = "<apiKey>" + arguments[1] + "</apiKey>";
        String entry = key + "<id>" + arguments[2] + "</id>";
        String expense = key + "<id>" + arguments[3] + "</id>";
        client.call("getProjects", key + "<includeTasks>true</includeTasks>", "comment", "effort");
        client.call("getTimesheet", key, "wage_decimal", "location");
        client.call("getTimesheetRecord", entry, "description");
        client.call("getExpenses", key, "value");
        client.call("getExpenseRecord", expense, "designation");
        client.call("getActiveRecording", key, "msg");
        client.call("getVersion", "", "getVersionResult");
        client.refuseBroken(key);
        new PrintStream(System.out, true, StandardCharsets.UTF_8)
            .println(new GsonBuilder().serializeNulls().create().toJson(client.report));
    }

    /** The operations of the WSDL of which XMLBeans can make a valid request. */
    private List<String> operations(XmlObject wsdl) throws Exception {
        List<String> found = new ArrayList<>();
        XmlObject[] elements = wsdl.selectPath(
            "declare namespace w='http://schemas.xmlsoap.org/wsdl/' .//w:portType/w:operation");
        for (XmlObject operation : elements) {
            String name = operation.selectAttribute(new QName("name")).newCursor().getTextValue();
            SchemaType request = types.findDocumentType(new QName(NAMESPACE, name));
            String sample = SampleXmlUtil.createSampleForType(request);
            if (validated(XmlObject.Factory.parse(sample), name)) {
                found.add(name);
            }
        }
        return found;
    }

    /** Send a request; the values of some fields of its valid answer, null where it has null. */
    private void call(String method, String parameters, String... fields) throws Exception {
        XmlObject answer = answer(method, parameters);
        if (!validated(answer, method + "Response")) {
            return;
        }
        for (String field : fields) {
            List<String> values = new ArrayList<>();
            String path = "declare namespace k='" + NAMESPACE + "' .//k:" + field;
            for (XmlObject value : answer.selectPath(path)) {
                XmlCursor cursor = value.newCursor();
                values.add(value.isNil() ? null : cursor.getTextValue());
                cursor.dispose();
            }
            report.put(method + "." + field, values);
        }
    }

    /** That validation finds anything at all: an answer without one of its fields. */
    private void refuseBroken(String key) throws Exception {
        XmlObject answer = answer("getUsers", key);
        answer.selectPath("declare namespace k='" + NAMESPACE + "' .//k:userID")[0]
            .newCursor().removeXml();
        List<XmlError> found = new ArrayList<>();
        typed(answer, "getUsersResponse").validate(new XmlOptions().setErrorListener(found));
        report.put("broken", found.toString());
    }

    private XmlObject answer(String method, String parameters) throws Exception {
        String body = "<s:Envelope xmlns:s='" + SOAP + "'><s:Body><" + method + " xmlns='"
            + NAMESPACE + "'>" + parameters + "</" + method + "></s:Body></s:Envelope>";
        HttpRequest request = HttpRequest.newBuilder(address)
            .header("Content-Type", "text/xml; charset=utf-8")
            .POST(HttpRequest.BodyPublishers.ofString(body)).build();
        byte[] answer = http.send(request, HttpResponse.BodyHandlers.ofByteArray()).body();
        XmlObject envelope = XmlObject.Factory.parse(new ByteArrayInputStream(answer));
        XmlCursor cursor = envelope.selectPath(
            "declare namespace s='" + SOAP + "' .//s:Body/*")[0].newCursor();
        return XmlObject.Factory.parse(cursor.newXMLStreamReader());
    }

    private boolean validated(XmlObject document, String element) throws Exception {
        List<XmlError> found = new ArrayList<>();
        typed(document, element).validate(new XmlOptions().setErrorListener(found));
        found.forEach(problem -> problems.add(element + ": " + problem));
        return found.isEmpty();
    }

    /** The document as an instance of the element's type in the compiled schema. */
    private XmlObject typed(XmlObject document, String element) throws Exception {
        return XmlBeans.typeLoaderUnion(types, XmlBeans.getBuiltinTypeSystem()).parse(
            document.newXMLStreamReader(), types.findDocumentType(new QName(NAMESPACE, element)), null);
    }
}
