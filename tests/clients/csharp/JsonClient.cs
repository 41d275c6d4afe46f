using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Web.Script.Serialization;

/// <summary>The scenario by HttpClient and JavaScriptSerializer, which are .NET's own.</summary>
sealed class JsonClient : Scenario
{
    private readonly HttpClient http = new HttpClient();
    private readonly JavaScriptSerializer json = new JavaScriptSerializer();
    private readonly string url;

    private JsonClient(string url)
    {
        this.url = url;
    }

    static void Main(string[] arguments)
    {
        new JsonClient(arguments[0]).Run();
    }

    protected override object Call(string step, string method, Dictionary<string, object> given)
    {
        var request = json.Serialize(new { jsonrpc = "2.0", id = step, method, @params = given });
        var response = http.PostAsync(url, new StringContent(request)).Result;
        response.EnsureSuccessStatusCode();
        var text = response.Content.ReadAsStringAsync().Result;
        var body = (Dictionary<string, object>)json.DeserializeObject(text);
        if (!body.ContainsKey("error"))
            return body["result"];
        var error = (Dictionary<string, object>)body["error"];
        return Fault(error["code"], error["message"]);
    }
}
