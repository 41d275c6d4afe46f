using System;
using System.Collections.Generic;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.Text;

/// <summary>
/// The scenario by WCF, with the proxy that <c>svcutil</c> made from the live WSDL. In SOAP 1.2 if a
/// second argument says so.
/// </summary>
static class WcfClient
{
    static void Main(string[] arguments)
    {
        Binding binding = new BasicHttpBinding { MaxReceivedMessageSize = 1 << 20 };
        if (arguments.Length > 1 && arguments[1] == "1.2")
            binding = new CustomBinding(
                new TextMessageEncodingBindingElement(MessageVersion.Soap12, Encoding.UTF8),
                new HttpTransportBindingElement { MaxReceivedMessageSize = 1 << 20 });
        var client = new KimaiRemotePortTypeClient(binding, new EndpointAddress(arguments[0]));
        new ProxyScenario(client, typeof(KimaiRemotePortType), Fault).Run();
    }

    static KeyValuePair<string, string>? Fault(Exception error)
    {
        var fault = error as FaultException;
        if (fault == null)
            return null;
        return new KeyValuePair<string, string>(fault.Code.Name, fault.Reason.ToString());
    }
}
