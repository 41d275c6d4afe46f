import java.lang.reflect.Field;
import java.net.URL;
import javax.xml.bind.annotation.XmlElement;
import javax.xml.ws.soap.SOAPFaultException;
import kimai.KimaiRemote;
import kimai.KimaiRemotePortType;

/** The scenario by JAX-WS in document/literal, with what wsimport made from the live WSDL. */
final class JaxWsClient {
    public static void main(String[] arguments) throws Exception {
        KimaiRemotePortType port = new KimaiRemote(new URL(arguments[0])).getPort(KimaiRemotePortType.class);
        new Scenario(port, KimaiRemotePortType.class, JaxWsClient::name, JaxWsClient::fault).run();
    }

    /** JAXB makes names of its own: wage_decimal becomes wageDecimal. */
    private static String name(Field field) {
        XmlElement element = field.getAnnotation(XmlElement.class);
        return element == null || element.name().equals("##default")
            ? field.getName()
            : element.name();
    }

    private static Scenario.Fault fault(Throwable error) {
        return error instanceof SOAPFaultException fault
            ? new Scenario.Fault(fault.getFault().getFaultCode(), fault.getFault().getFaultString())
            : null;
    }
}
