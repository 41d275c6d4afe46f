import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Vector;
import org.ksoap2.SoapEnvelope;
import org.ksoap2.SoapFault;
import org.ksoap2.serialization.MarshalHashtable;
import org.ksoap2.serialization.PropertyInfo;
import org.ksoap2.serialization.SoapObject;
import org.ksoap2.serialization.SoapPrimitive;
import org.ksoap2.serialization.SoapSerializationEnvelope;
import org.ksoap2.transport.HttpTransportSE;

/**
 * The scenario by kSOAP2's interface, without a WSDL.
 *
 * <p>Arguments: the URL; document or encoded, for dotNet true or false; then, as applications set them:
 * implicit (no types), bare (no id and root), map (a record is a Hashtable).
 */
final class KSoap2Client {
    private final HttpTransportSE transport;
    private final List<String> options;
    private final boolean dotNet;
    private final String namespace;
    private final Map<String, Object> report = new LinkedHashMap<>();

    private KSoap2Client(String url, List<String> options) {
        this.transport = new HttpTransportSE(url);
        this.options = options;
        this.dotNet = options.contains("document");
        this.namespace = dotNet ? "urn:kimai-remote" : url;
    }

    public static void main(String[] arguments) throws Exception {
        new KSoap2Client(arguments[0], List.of(arguments)).run();
    }

    private void run() throws Exception {
        var input = new InputStreamReader(System.in, StandardCharsets.UTF_8);
        for (JsonElement element : JsonParser.parseReader(input).getAsJsonArray()) {
            JsonObject step = element.getAsJsonObject();
            String method = step.get("method").getAsString();
            report.put(step.get("name").getAsString(), call(method, step.getAsJsonObject("params")));
        }
        new PrintStream(System.out, true, StandardCharsets.UTF_8)
            .println(new GsonBuilder().serializeNulls().create().toJson(report));
    }

    private Object call(String method, JsonObject params) throws Exception {
        var envelope = new SoapSerializationEnvelope(SoapEnvelope.VER11);
        envelope.dotNet = dotNet;
        envelope.implicitTypes = options.contains("implicit");
        envelope.setAddAdornments(!options.contains("bare"));
        new MarshalHashtable().register(envelope);
        envelope.setOutputSoapObject(filled(method, params));
        transport.call(namespace + "#" + method, envelope);
        try {
            return plain(envelope.getResponse());
        } catch (SoapFault fault) {
            return Map.of("fault", Map.of("code", fault.faultcode, "message", fault.faultstring));
        }
    }

    private SoapObject filled(String name, JsonObject params) {
        SoapObject object = new SoapObject(namespace, name);
        params.asMap().forEach((member, value) -> object.addProperty(member, value(member, value)));
        return object;
    }

    private Object value(String name, JsonElement element) {
        if (element.isJsonObject() && options.contains("map")) {
            Hashtable<String, Object> record = new Hashtable<>();
            element.getAsJsonObject().asMap()
                .forEach((member, value) -> record.put(member, value(member, value)));
            return record;
        }
        if (element.isJsonObject()) {
            return filled(name, element.getAsJsonObject());
        }
        JsonPrimitive value = element.getAsJsonPrimitive();
        if (value.isNumber()) {
            return value.getAsInt();
        }
        if (value.isBoolean()) {
            return value.getAsBoolean();
        }
        if (!value.getAsString().startsWith("$")) {
            return value.getAsString();
        }
        String[] path = value.getAsString().substring(1).split("\\.");
        var items = (List<?>) ((Map<?, ?>) report.get(path[0])).get("items");
        return ((Map<?, ?>) items.get(0)).get(path[1]);
    }

    /** A response as maps and lists; in document/literal, values are texts. */
    private Object plain(Object value) {
        if (value instanceof Vector<?> vector) {
            return vector.stream().map(this::plain).toList();
        }
        Map<String, Object> record = new LinkedHashMap<>();
        if (value instanceof Hashtable<?, ?> map) {
            map.forEach((name, inner) -> record.put(name.toString(), plain(inner)));
            return record;
        }
        if (value instanceof SoapPrimitive text) {
            // In rpc/encoded only numbers with a point are of a type that kSOAP2 doesn't know.
            return dotNet ? text.toString() : new BigDecimal(text.toString());
        }
        if (!(value instanceof SoapObject object)) {
            return value;
        }
        PropertyInfo info = new PropertyInfo();
        for (int index = 0; index < object.getPropertyCount(); index++) {
            object.getPropertyInfo(index, info);
            Object inner = object.getProperty(index);
            boolean isList = info.name.equals("items") || info.name.equals("tasks");
            record.put(info.name, isList && inner != null ? records((SoapObject) inner) : plain(inner));
        }
        return record;
    }

    private List<Object> records(SoapObject list) {
        List<Object> records = new ArrayList<>();
        for (int index = 0; index < list.getPropertyCount(); index++) {
            records.add(plain(list.getProperty(index)));
        }
        return records;
    }
}
