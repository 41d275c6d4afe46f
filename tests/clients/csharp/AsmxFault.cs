using System;
using System.Collections.Generic;
using System.Web.Services.Protocols;

/// <summary>What both ASMX clients share.</summary>
static class AsmxFault
{
    public static KeyValuePair<string, string>? Of(Exception error)
    {
        var fault = error as SoapException;
        if (fault == null)
            return null;
        return new KeyValuePair<string, string>(fault.Code.Name, fault.Message);
    }
}
