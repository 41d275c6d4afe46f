using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Web.Script.Serialization;

/// <summary>Runs the steps from standard input and prints the report.</summary>
abstract class Scenario
{
    private readonly Dictionary<string, object> report = new Dictionary<string, object>();

    public void Run()
    {
        var json = new JavaScriptSerializer();
        var input = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8);
        foreach (var step in json.Deserialize<List<Dictionary<string, object>>>(input.ReadToEnd()))
        {
            var name = (string)step["name"];
            var parameters = (Dictionary<string, object>)Filled(step["params"]);
            report[name] = Call(name, (string)step["method"], parameters);
        }
        var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false));
        output.WriteLine(json.Serialize(report));
        output.Flush();
    }

    /// <summary>The result of a call as the report has it.</summary>
    protected abstract object Call(string step, string method, Dictionary<string, object> given);

    protected static object Fault(object code, object message)
    {
        return new { fault = new { code, message } };
    }

    /// <summary>Parameters with the values of earlier steps in place of <c>$step.field</c>.</summary>
    private object Filled(object value)
    {
        var record = value as Dictionary<string, object>;
        if (record != null)
            return record.ToDictionary(member => member.Key, member => Filled(member.Value));
        var text = value as string;
        if (text == null || !text.StartsWith("$"))
            return value;
        var path = text.Substring(1).Split('.');
        var items = (IEnumerable<object>)((Dictionary<string, object>)report[path[0]])["items"];
        return ((Dictionary<string, object>)items.First())[path[1]];
    }
}
