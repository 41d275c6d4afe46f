// What gSOAP decoded, as JSON: every field of every record, with its type.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "soapH.h"

inline std::string json(bool value) { return value ? "true" : "false"; }

inline std::string json(int value) { return std::to_string(value); }

inline std::string json(const std::string &value)
{
    std::string text = "\"";
    for (unsigned char byte : value) {
        if (byte == '"' || byte == '\\') {
            text += '\\';
            text += byte;
        } else if (byte < 0x20) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", byte);
            text += escape;
        } else {
            text += byte;
        }
    }
    return text + '"';
}

// Optional and nullable fields are pointers.
template <class Value> std::string json(const Value *value) { return value ? json(*value) : "null"; }

template <class Record> std::string json(const std::vector<Record *> &records)
{
    std::string list = "[";
    for (const Record *record : records)
        list += (list == "[" ? "" : ",") + json(record);
    return list + "]";
}

inline std::string object(std::initializer_list<std::pair<const char *, std::string>> members)
{
    std::string text = "{";
    for (const auto &[name, value] : members)
        text += (text == "{" ? "\"" : ",\"") + std::string(name) + "\":" + value;
    return text + "}";
}

#define FIELD(name) {#name, json(value.name)}
#define RECORD(type, ...) \
    inline std::string json(const ns1__##type &value) { return object({__VA_ARGS__}); }
// The list is in a member named after its records.
#define LIST(type) \
    inline std::string json(const ns1__##type##Array &value) { return json(value.type); }
#define RESULT(type) RECORD(type, FIELD(success), FIELD(items), FIELD(total), FIELD(error))

RECORD(Error, FIELD(msg))
RECORD(ApiKey, FIELD(apiKey))
RECORD(StartedRecording, FIELD(timeEntryID))
RECORD(SavedEntry, FIELD(id))
RECORD(User, FIELD(userID), FIELD(name))
RECORD(Customer, FIELD(customerID), FIELD(name), FIELD(contact), FIELD(visible))
RECORD(Task, FIELD(activityID), FIELD(name), FIELD(visible), FIELD(budget), FIELD(approved),
       FIELD(effort))
LIST(Task)
RECORD(Project, FIELD(projectID), FIELD(customerID), FIELD(name), FIELD(comment), FIELD(visible),
       FIELD(filter), FIELD(trash), FIELD(budget), FIELD(effort), FIELD(approved), FIELD(internal),
       FIELD(customerName), FIELD(customerVisible), FIELD(tasks))
RECORD(ActiveRecording, FIELD(timeEntryID), FIELD(activityID), FIELD(projectID), FIELD(start),
       FIELD(end), FIELD(duration), FIELD(description), FIELD(servertime), FIELD(customerID),
       FIELD(customerName), FIELD(projectName), FIELD(activityName))
RECORD(TimesheetRow, FIELD(timeEntryID), FIELD(start), FIELD(end), FIELD(duration),
       FIELD(formattedDuration), {"wage_decimal", json(value.wage_USCOREdecimal)}, FIELD(wage),
       FIELD(budget), FIELD(approved), FIELD(rate), FIELD(projectID), FIELD(activityID),
       FIELD(userID), FIELD(customerName), FIELD(customerID), FIELD(activityName),
       FIELD(projectName), FIELD(projectComment), FIELD(location), FIELD(trackingNumber),
       FIELD(statusID), FIELD(status), FIELD(billable), FIELD(description), FIELD(comment),
       FIELD(cleared), FIELD(commentType), FIELD(userAlias), FIELD(userName))
RECORD(TimeEntry, FIELD(timeEntryID), FIELD(start), FIELD(end), FIELD(duration), FIELD(userID),
       FIELD(projectID), FIELD(activityID), FIELD(description), FIELD(comment), FIELD(commentType),
       FIELD(cleared), FIELD(location), FIELD(trackingNumber), FIELD(rate), FIELD(fixedRate),
       FIELD(budget), FIELD(approved), FIELD(statusID), FIELD(billable), FIELD(projectName),
       FIELD(customerName), FIELD(activityName), FIELD(customerID))
RECORD(ExpenseRow, FIELD(expenseID), FIELD(timestamp), FIELD(multiplier), FIELD(value),
       FIELD(projectID), FIELD(designation), FIELD(userID), FIELD(customerName), FIELD(customerID),
       FIELD(projectName), FIELD(comment), FIELD(refundable), FIELD(commentType), FIELD(userName),
       FIELD(cleared))
RECORD(Expense, FIELD(expenseID), FIELD(timestamp), FIELD(userID), FIELD(projectID),
       FIELD(designation), FIELD(comment), FIELD(commentType), FIELD(refundable), FIELD(cleared),
       FIELD(multiplier), FIELD(value), FIELD(projectName), FIELD(customerID), FIELD(customerName))

LIST(ApiKey)
LIST(StartedRecording)
LIST(SavedEntry)
LIST(User)
LIST(Customer)
LIST(Project)
LIST(ActiveRecording)
LIST(TimesheetRow)
LIST(TimeEntry)
LIST(ExpenseRow)
LIST(Expense)

RESULT(AuthenticateResult)
RESULT(StartRecordResult)
RESULT(StopRecordResult)
RESULT(UsersResult)
RESULT(CustomersResult)
RESULT(ProjectsResult)
RESULT(TasksResult)
RESULT(ActiveRecordingResult)
RESULT(UpdateActiveRecordingResult)
RESULT(TimesheetResult)
RESULT(TimesheetRecordResult)
RESULT(SetTimesheetRecordResult)
RESULT(RemoveTimesheetRecordResult)
RESULT(ExpensesResult)
RESULT(ExpenseRecordResult)
RESULT(SetExpenseRecordResult)
RESULT(RemoveExpenseRecordResult)
