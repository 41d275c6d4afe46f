/// <summary>The scenario by ASMX, with the proxy that <c>wsdl</c> made from the live WSDL.</summary>
static class AsmxClient
{
    static void Main(string[] arguments)
    {
        var proxy = new KimaiRemote { Url = arguments[0] };
        new ProxyScenario(proxy, typeof(KimaiRemote), AsmxFault.Of).Run();
    }
}
