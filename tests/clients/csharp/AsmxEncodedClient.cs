using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Web.Services.Protocols;
using System.Xml;
using System.Xml.Serialization;

/// <summary>
/// The scenario by ASMX in rpc/encoded, with the proxy that <c>wsdl</c> made from the live WSDL.
/// </summary>
/// <remarks>
/// The contract says array for a map, so a result is an array of XML nodes: an attribute, and an
/// element for each pair of key and value. A record is an array that holds an object.
/// </remarks>
sealed class AsmxEncodedClient : ProxyScenario
{
    private const string Instance = "http://www.w3.org/2001/XMLSchema-instance";

    private readonly Kimai_Remote_ApiService proxy;

    private AsmxEncodedClient(Kimai_Remote_ApiService proxy)
        : base(proxy, typeof(Kimai_Remote_ApiService), AsmxFault.Of)
    {
        this.proxy = proxy;
    }

    static void Main(string[] arguments)
    {
        new AsmxEncodedClient(new Kimai_Remote_ApiService { Url = arguments[0] }).Run();
    }

    protected override object Record(Dictionary<string, object> record, Type type)
    {
        var filled = new Record();
        foreach (var member in record)
            typeof(Record).GetField(member.Key).SetValue(
                filled, Convert.ToString(member.Value, CultureInfo.InvariantCulture));
        return new object[] { filled };
    }

    protected override object Plain(object value)
    {
        var nodes = value as XmlNode[];
        return nodes == null ? value : Map(nodes.OfType<XmlElement>());
    }

    /// <summary>By a method beside the contract's, which takes a word for a number.</summary>
    protected override object Refused(MethodInfo method)
    {
        try
        {
            return Plain(proxy.getTimesheetRecordOfWord("", "twelve"));
        }
        catch (SoapException error)
        {
            throw new TargetInvocationException(error);
        }
    }

    private static Dictionary<string, object> Map(IEnumerable<XmlElement> items)
    {
        return items.ToDictionary(item => item["key"].InnerText, item => Decoded(item["value"]));
    }

    private static object Decoded(XmlElement element)
    {
        var children = element.ChildNodes.OfType<XmlElement>();
        switch (element.GetAttribute("type", Instance))
        {
            case "ns2:Map":
                return Map(children);
            case "SOAP-ENC:Array":
                return children.Select(Decoded).ToList();
            case "xsd:boolean":
                return XmlConvert.ToBoolean(element.InnerText);
            case "xsd:int":
                return XmlConvert.ToInt32(element.InnerText);
            case "xsd:float":
                return XmlConvert.ToDecimal(element.InnerText);
            default:
                return element.HasAttribute("nil", Instance) ? null : element.InnerText;
        }
    }
}

/// <summary>The fields of all records that are sent; those without a value are left out.</summary>
[SoapType("Record", "urn:AsmxEncodedClient")]
public class Record
{
    [SoapElement(IsNullable = false)] public string id;
    [SoapElement(IsNullable = false)] public string projectId;
    [SoapElement(IsNullable = false)] public string taskId;
    [SoapElement(IsNullable = false)] public string activityID;
    [SoapElement(IsNullable = false)] public string start;
    [SoapElement(IsNullable = false)] public string end;
    [SoapElement(IsNullable = false)] public string date;
    [SoapElement(IsNullable = false)] public string description;
    [SoapElement(IsNullable = false)] public string location;
    [SoapElement(IsNullable = false)] public string budget;
    [SoapElement(IsNullable = false)] public string flagBillable;
    [SoapElement(IsNullable = false)] public string designation;
    [SoapElement(IsNullable = false)] public string comment;
    [SoapElement(IsNullable = false)] public string refundable;
    [SoapElement(IsNullable = false)] public string multiplier;
    [SoapElement(IsNullable = false)] public string value;
}

/// <summary>What the generated proxy lacks.</summary>
[SoapInclude(typeof(Record))]
public partial class Kimai_Remote_ApiService
{
    [SoapRpcMethod("", RequestElementName = "getTimesheetRecord")]
    public object[] getTimesheetRecordOfWord(string apiKey, string id)
    {
        return (object[])Invoke("getTimesheetRecordOfWord", new object[] { apiKey, id })[0];
    }
}
