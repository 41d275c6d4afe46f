using System;
using System.Collections.Generic;
using System.ServiceModel;

/// <summary>The scenario by WCF, with the proxy that <c>svcutil</c> made from the live WSDL.</summary>
static class WcfClient
{
    static void Main(string[] arguments)
    {
        var binding = new BasicHttpBinding { MaxReceivedMessageSize = 1 << 20 };
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
