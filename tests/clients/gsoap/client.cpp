// The scenario by gSOAP in document/literal, with what wsdl2h and soapcpp2 made from the live WSDL.

#include <deque>
#include <iostream>

// Names of the binding, which are others for SOAP 1.2.
#ifdef KIMAI_SOAP_12
#include "KimaiRemoteSoap12Binding.nsmap"
#include "soapKimaiRemoteSoap12BindingProxy.h"
using Proxy = KimaiRemoteSoap12BindingProxy;
#else
#include "KimaiRemoteBinding.nsmap"
#include "soapKimaiRemoteBindingProxy.h"
using Proxy = KimaiRemoteBindingProxy;
#endif
#include "json.hpp"

// A pointer to a value, as optional fields want it.
template <class Value> static Value *given(Value value)
{
    static std::deque<Value> kept;
    kept.push_back(value);
    return &kept.back();
}

static std::string fault(Proxy &api)
{
    const SOAP_ENV__Fault *fault = api.soap_fault();
    const char *code = fault ? fault->faultcode : nullptr;
    const char *message = fault ? fault->faultstring : nullptr;
    // In SOAP 1.2.
    if (fault && fault->SOAP_ENV__Code && fault->SOAP_ENV__Reason) {
        code = fault->SOAP_ENV__Code->SOAP_ENV__Value;
        message = fault->SOAP_ENV__Reason->SOAP_ENV__Text;
    }
    if (!code || !message) {
        api.soap_stream_fault(std::cerr);
        exit(1);
    }
    return object({{"fault", object({{"code", json(std::string(code))},
                                     {"message", json(std::string(message))}})}});
}

int main(int count, char **arguments)
{
    if (count != 14)
        return 2;
    char **next = arguments + 1;
    const char *url = *next++;
    const std::string user = *next++, password = *next++;
    const int project = atoi(*next++), task = atoi(*next++), other_task = atoi(*next++);
    const int entry = atoi(*next++), expense = atoi(*next++);
    const std::string from = *next++, to = *next++, start = *next++, end = *next++, text = *next++;

    Proxy api(url, SOAP_C_UTFSTRING | SOAP_XML_STRICT | SOAP_IO_KEEPALIVE);
    std::string key;
    const char *separator = "{";

// Calls a method with a request that the rest fills in, reports its answer, and gives it back.
#define CALL(step, method, ...) \
    [&] { \
        ns1__##method request; \
        ns1__##method##Response response; \
        __VA_ARGS__; \
        int error = api.method(&request, response); \
        std::cout << separator << json(std::string(step)) << ":" \
                  << (error ? fault(api) : json(response.method##Result)) << "\n"; \
        separator = ","; \
        return response; \
    }()

    CALL("wrongPassword", authenticate, request.username = user; request.password = "wrong");
    key = CALL("authenticate", authenticate, request.username = user; request.password = password)
              .authenticateResult->items->ApiKey.at(0)->apiKey;
    CALL("wrongKey", getUsers, request.apiKey = "nobody's");
    CALL("getVersion", getVersion);
    CALL("getUsers", getUsers, request.apiKey = key);
    CALL("getCustomers", getCustomers, request.apiKey = key);
    CALL("getProjects", getProjects, request.apiKey = key; request.includeTasks = given(true));
    CALL("getProjectsOnly", getProjects, request.apiKey = key);
    CALL("getTasks", getTasks, request.apiKey = key);
    CALL("getTasksOfProject", getTasks, request.apiKey = key; request.projectId = given(project));

    CALL("noneActive", getActiveRecording, request.apiKey = key);
    int started = CALL("startRecord", startRecord, request.apiKey = key;
                       request.projectId = given(project); request.activityId = given(task))
                      .startRecordResult->items->StartedRecording.at(0)->timeEntryID;
    CALL("getActiveRecording", getActiveRecording, request.apiKey = key);
    ns1__ActiveRecordingChange change;
    change.activityID = given(other_task);
    change.description = given(text);
    CALL("updateActiveRecording", updateActiveRecording, request.apiKey = key;
         request.record = &change);
    CALL("updatedRecording", getActiveRecording, request.apiKey = key);
    CALL("runningInTimesheet", getTimesheet, request.apiKey = key; request.limit = given(1));
    CALL("stopRecord", stopRecord, request.apiKey = key; request.entryId = given(started));
    CALL("stopped", getActiveRecording, request.apiKey = key);

    CALL("getTimesheet", getTimesheet, request.apiKey = key; request.from = given(from);
         request.to = given(to); request.cleared = given(-1); request.start = given(0);
         request.limit = given(1));
    CALL("getTimesheetRecord", getTimesheetRecord, request.apiKey = key; request.id = entry);

    ns1__TimeEntryInput work;
    work.projectId = given(project);
    work.taskId = given(task);
    work.start = given(start);
    work.end = given(end);
    work.location = given(std::string("Zürich 🏔"));
    work.description = given(text);
    work.budget = given(std::string("42.25"));
    work.flagBillable = given(50);
    int created = CALL("createEntry", setTimesheetRecord, request.apiKey = key;
                       request.record = &work; request.doUpdate = given(false))
                      .setTimesheetRecordResult->items->SavedEntry.at(0)->id;
    CALL("createdEntry", getTimesheetRecord, request.apiKey = key; request.id = created);
    ns1__TimeEntryInput correction;
    correction.id = given(created);
    correction.taskId = given(other_task);
    correction.comment = given(text);
    CALL("updateEntry", setTimesheetRecord, request.apiKey = key; request.record = &correction;
         request.doUpdate = given(true));
    CALL("updatedEntry", getTimesheetRecord, request.apiKey = key; request.id = created);
    CALL("removeTimesheetRecord", removeTimesheetRecord, request.apiKey = key;
         request.id = created);
    CALL("removedEntry", getTimesheetRecord, request.apiKey = key; request.id = created);

    CALL("getExpenses", getExpenses, request.apiKey = key; request.from = given(from);
         request.to = given(to); request.refundable = given(-1); request.cleared = given(-1);
         request.start = given(0); request.limit = given(10));
    CALL("getExpenseRecord", getExpenseRecord, request.apiKey = key; request.id = expense);
    CALL("noExpenses", getExpenses, request.apiKey = key;
         request.from = given(std::string("86400")); request.to = given(std::string("172800")));
    ns1__ExpenseInput purchase;
    purchase.projectId = given(project);
    purchase.date = given(start);
    purchase.designation = given(text);
    purchase.refundable = given(true);
    purchase.multiplier = given(std::string("1.50"));
    purchase.value = given(std::string("7.35"));
    int bought = CALL("createExpense", setExpenseRecord, request.apiKey = key;
                      request.record = &purchase; request.doUpdate = given(false))
                     .setExpenseRecordResult->items->SavedEntry.at(0)->id;
    CALL("createdExpense", getExpenseRecord, request.apiKey = key; request.id = bought);
    ns1__ExpenseInput refund;
    refund.id = given(bought);
    refund.comment = given(text);
    refund.value = given(std::string("-8.05"));
    CALL("updateExpense", setExpenseRecord, request.apiKey = key; request.record = &refund;
         request.doUpdate = given(true));
    CALL("updatedExpense", getExpenseRecord, request.apiKey = key; request.id = bought);
    CALL("removeExpenseRecord", removeExpenseRecord, request.apiKey = key; request.id = bought);
    CALL("removedExpense", getExpenseRecord, request.apiKey = key; request.id = bought);

    // C++ can't send a word as an integer, but its decimals are strings.
    refund.value = given(std::string("twelve"));
    CALL("fault", setExpenseRecord, request.apiKey = key; request.record = &refund);
    std::cout << "}\n";
    api.destroy();
}
