import org.apache.axis.AxisEngine;
import org.apache.axis.AxisFault;
import org.apache.axis.client.Service;

/** What both Axis clients share. */
final class Axis {
    /** Before the port is made. */
    static <T extends Service> T prepared(T locator) {
        // In UTF-8 Axis writes an emoji as two character references, which isn't XML.
        locator.getEngine().setOption(AxisEngine.PROP_XML_ENCODING, "UTF-16");
        return locator;
    }

    static Scenario.Fault fault(Throwable error) {
        return error instanceof AxisFault fault
            ? new Scenario.Fault(fault.getFaultCode().toString(), fault.getFaultString())
            : null;
    }
}
