import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import javax.xml.namespace.QName;
import kimai.Kimai_Remote_ApiPort_PortType;
import kimai.Kimai_Remote_ApiServiceLocator;
import org.apache.axis.AxisFault;
import org.apache.axis.client.Call;

/** The scenario by Axis 1.4 in rpc/encoded, with what WSDL2Java made from the live WSDL. */
final class AxisEncodedClient extends Scenario {
    private final Call call;

    private AxisEncodedClient(Kimai_Remote_ApiPort_PortType port, Call call) {
        super(port, Kimai_Remote_ApiPort_PortType.class, Field::getName, Axis::fault);
        this.call = call;
    }

    public static void main(String[] arguments) throws Exception {
        var service = Axis.prepared(new Kimai_Remote_ApiServiceLocator());
        URL address = new URL(arguments[0]);
        Call call = (Call) service.createCall();
        call.setTargetEndpointAddress(address);
        new AxisEncodedClient(service.getKimai_Remote_ApiPort(address), call).run();
    }

    /** By a call without a contract, which takes a word for a number. */
    @Override
    Object refused(Method method, String key) throws Exception {
        call.setOperationName(new QName("urn:any", method.getName()));
        try {
            return call.invoke(new Object[] {key, "twelve"});
        } catch (AxisFault error) {
            throw new InvocationTargetException(error);
        }
    }
}
