// The scenario by KDSoap in document/literal, with what kdwsdl2cpp made from the live WSDL.
//
// All values go through the generated classes: they are filled from the steps on standard input,
// and read for the report.

#include <QCoreApplication>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <functional>

#include "kimai.h"

using Call = std::function<KDSoapValue(KimaiRemote &, const KDSoapValue &)>;

#define CALL(name, type) \
    {#name, [](KimaiRemote &api, const KDSoapValue &parameters) { \
         TNS__##type request; \
         request.deserialize(parameters); \
         return api.name(request).serialize(#name); \
     }}

static const QHash<QString, Call> methods = {
    CALL(authenticate, Authenticate),
    CALL(getVersion, GetVersion),
    CALL(startRecord, StartRecord),
    CALL(stopRecord, StopRecord),
    CALL(getUsers, GetUsers),
    CALL(getCustomers, GetCustomers),
    CALL(getProjects, GetProjects),
    CALL(getTasks, GetTasks),
    CALL(getActiveRecording, GetActiveRecording),
    CALL(updateActiveRecording, UpdateActiveRecording),
    CALL(getTimesheet, GetTimesheet),
    CALL(getTimesheetRecord, GetTimesheetRecord),
    CALL(setTimesheetRecord, SetTimesheetRecord),
    CALL(removeTimesheetRecord, RemoveTimesheetRecord),
    CALL(getExpenses, GetExpenses),
    CALL(getExpenseRecord, GetExpenseRecord),
    CALL(setExpenseRecord, SetExpenseRecord),
    CALL(removeExpenseRecord, RemoveExpenseRecord),
};

// Parameters, with the values of earlier steps in place of "$step.field".
static KDSoapValue filled(const QString &name, const QJsonValue &value, const QJsonObject &report)
{
    const QStringList path = value.toString().split('.');
    KDSoapValue element(name, value.toVariant());
    if (value.isObject()) {
        element.setValue(QVariant());
        const QJsonObject members = value.toObject();
        for (const QString &member : members.keys())
            element.childValues().append(filled(member, members[member], report));
    } else if (path[0].startsWith('$')) {
        element.setValue(report[path[0].mid(1)]["items"][0][path[1]].toVariant());
    }
    element.setNamespaceUri("urn:kimai-remote");
    element.setQualified(true);
    return element;
}

static QJsonValue json(const KDSoapValue &value)
{
    const KDSoapValueList &children = value.childValues();
    if (value.name() == "items" || value.name() == "tasks") {
        QJsonArray records;
        for (const KDSoapValue &child : children)
            records.append(json(child));
        return records;
    }
    // A float has seven digits; as a double it would show more.
    if (value.value().userType() == QMetaType::Float)
        return QString::number(value.value().toFloat(), 'g', 7).toDouble();
    if (children.isEmpty())
        return value.value().isNull() ? QJsonValue() : QJsonValue::fromVariant(value.value());
    QJsonObject record;
    for (const KDSoapValue &child : children)
        record[child.name()] = json(child);
    return record;
}

int main(int count, char **arguments)
{
    QCoreApplication application(count, arguments);
    KimaiRemote api;
    api.setEndPoint(arguments[1]);
    QFile input, output;
    input.open(stdin, QIODevice::ReadOnly);
    output.open(stdout, QIODevice::WriteOnly);

    QJsonObject report;
    QByteArray members;
    for (const QJsonValue &step : QJsonDocument::fromJson(input.readAll()).array()) {
        const QString name = step["name"].toString(), method = step["method"].toString();
        const KDSoapValue parameters = filled(method, step["params"], report);
        QJsonValue answer;
        QString code, message;
        if (name == "fault") {
            // The generated classes can't hold a word as an integer; a message without them can.
            KDSoapMessage request;
            request = parameters;
            const KDSoapMessage reply = api.clientInterface()->call(method, request);
            code = reply.childValues().child("faultcode").value().toString();
            message = reply.childValues().child("faultstring").value().toString();
        } else {
            answer = json(methods[method](api, parameters))[method + "Result"];
            code = api.lastFaultCode();
            message = api.lastError();
        }
        if (!code.isEmpty())
            answer = QJsonObject{{"fault", QJsonObject{{"code", code}, {"message", message}}}};
        report[name] = answer;
        // QJsonObject sorts its members; the report has the order of the steps.
        const QByteArray member = QJsonDocument(QJsonObject{{name, answer}}).toJson();
        members += (members.isEmpty() ? "" : ",\n") + member.mid(1, member.lastIndexOf('}') - 1);
    }
    output.write("{" + members + "}\n");
}
