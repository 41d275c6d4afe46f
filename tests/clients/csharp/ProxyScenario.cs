using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Runtime.Serialization;

/// <summary>The scenario through a generated proxy.</summary>
/// <remarks>
/// All values go through the classes that the toolkit generated from the WSDL: they are filled from
/// the steps, and read for the report.
/// </remarks>
class ProxyScenario : Scenario
{
    private const string Specified = "Specified";

    private readonly object proxy;
    private readonly Type contract;
    private readonly Func<Exception, KeyValuePair<string, string>?> fault;

    /// <param name="proxy">What calls the service.</param>
    /// <param name="contract">Generated type with one method for each of the API.</param>
    /// <param name="fault">Code and message of a SOAP fault; null for any other exception.</param>
    public ProxyScenario(
        object proxy, Type contract, Func<Exception, KeyValuePair<string, string>?> fault)
    {
        this.proxy = proxy;
        this.contract = contract;
        this.fault = fault;
    }

    protected override object Call(string step, string name, Dictionary<string, object> given)
    {
        var method = contract.GetMethod(name);
        try
        {
            return step == "fault"
                ? Refused(method)
                : Plain(method.Invoke(proxy, Arguments(method, given)));
        }
        catch (TargetInvocationException error)
        {
            var refusal = fault(error.InnerException);
            if (refusal == null)
                throw;
            return Fault(refusal.Value.Key, refusal.Value.Value);
        }
    }

    /// <summary>
    /// The call that gets a fault. C# can't send a word as a number, so it has no API key.
    /// </summary>
    protected virtual object Refused(MethodInfo method)
    {
        return method.Invoke(proxy, Arguments(method, new Dictionary<string, object>()));
    }

    /// <summary>Arguments by name; what isn't given is null, or 0 where the type has no null.</summary>
    private object[] Arguments(MethodInfo method, Dictionary<string, object> given)
    {
        return method.GetParameters().Select(parameter =>
        {
            object value;
            if (given.TryGetValue(parameter.Name, out value))
                return Converted(value, parameter.ParameterType);
            if (IsSpecified(parameter.Name, given))
                return true;
            return parameter.ParameterType.IsValueType
                ? Activator.CreateInstance(parameter.ParameterType)
                : null;
        }).ToArray();
    }

    /// <summary>Whether a member of ASMX proxies says of one that is given that it is.</summary>
    private static bool IsSpecified(string name, Dictionary<string, object> given)
    {
        return name.EndsWith(Specified)
            && given.ContainsKey(name.Substring(0, name.Length - Specified.Length));
    }

    private object Converted(object value, Type type)
    {
        var record = value as Dictionary<string, object>;
        return record == null
            ? Convert.ChangeType(
                value, Nullable.GetUnderlyingType(type) ?? type, CultureInfo.InvariantCulture)
            : Record(record, type);
    }

    /// <summary>A record as a parameter of this type.</summary>
    protected virtual object Record(Dictionary<string, object> record, Type type)
    {
        var filled = Activator.CreateInstance(type);
        foreach (var property in type.GetProperties())
        {
            object member;
            if (record.TryGetValue(property.Name, out member))
                property.SetValue(filled, Converted(member, property.PropertyType), null);
            else if (IsSpecified(property.Name, record))
                property.SetValue(filled, true, null);
        }
        return filled;
    }

    /// <summary>Objects as dictionaries with the names of the contract, and lists as lists.</summary>
    protected virtual object Plain(object value)
    {
        if (value == null || value is string || value.GetType().IsPrimitive || value is decimal)
            return value;
        var list = value as IEnumerable;
        if (list != null)
            return list.Cast<object>().Select(Plain).ToList();
        return value.GetType().GetProperties()
            .Where(property => property.PropertyType != typeof(ExtensionDataObject)
                && !property.Name.EndsWith(Specified))
            .ToDictionary(property => property.Name, property => Plain(property.GetValue(value, null)));
    }
}
