import java.lang.reflect.Field;
import java.net.URL;
import kimai.KimaiRemoteLocator;
import kimai.KimaiRemotePortType;

/** The scenario by Axis 1.4 in document/literal, with what WSDL2Java made from the live WSDL. */
final class AxisClient {
    public static void main(String[] arguments) throws Exception {
        KimaiRemotePortType port =
            Axis.prepared(new KimaiRemoteLocator()).getKimaiRemotePort(new URL(arguments[0]));
        new Scenario(port, KimaiRemotePortType.class, Field::getName, Axis::fault).run();
    }
}
