"""The fields of each answer, in the contract's order, as they stand in the bytes of the answer."""

from __future__ import annotations

import pytest

TASK = "activityID,name,visible"
PROJECT = (
    "projectID,customerID,name,comment,visible,filter,trash,budget,effort,approved,internal,"
    "customerName,customerVisible"
)

#: Method and parameters after the key (texts are names of the world), and the fields of an item.
FIELDS = [
    ("getUsers", [], "userID,name"),
    ("getCustomers", [], "customerID,name,contact,visible"),
    ("getProjects", [], PROJECT),
    ("getProjects", [True], PROJECT + ",tasks"),
    ("getTasks", [], TASK),
    ("getTasks", ["shop"], TASK + ",budget,approved,effort"),
    (
        "getActiveRecording",
        [],
        "timeEntryID,activityID,projectID,start,end,duration,description,servertime,customerID,"
        "customerName,projectName,activityName",
    ),
    (
        "getTimesheet",
        [],
        "timeEntryID,start,end,duration,formattedDuration,wage_decimal,wage,budget,approved,rate,"
        "projectID,activityID,userID,customerName,customerID,activityName,projectName,"
        "projectComment,location,trackingNumber,statusID,status,billable,description,comment,"
        "cleared,commentType,userAlias,userName",
    ),
    (
        "getTimesheetRecord",
        ["entry"],
        "timeEntryID,start,end,duration,userID,projectID,activityID,description,comment,"
        "commentType,cleared,location,trackingNumber,rate,fixedRate,budget,approved,statusID,"
        "billable,projectName,customerName,activityName,customerID",
    ),
    (
        "getExpenses",
        [],
        "expenseID,timestamp,multiplier,value,projectID,designation,userID,customerName,"
        "customerID,projectName,comment,refundable,commentType,userName,cleared",
    ),
    (
        "getExpenseRecord",
        ["expense"],
        "expenseID,timestamp,userID,projectID,designation,comment,commentType,refundable,cleared,"
        "multiplier,value,projectName,customerID,customerName",
    ),
    ("startRecord", ["shop", "coding"], "timeEntryID"),
    (
        "setTimesheetRecord",
        [{"projectId": "shop", "taskId": "coding", "start": "1", "end": "2"}],
        "id",
    ),
    ("setExpenseRecord", [{"projectId": "shop", "date": "1"}], "id"),
]


def number_of(world, value):
    """The number of what has this name in the world, in records too."""
    if isinstance(value, dict):
        return {field: number_of(world, name) for field, name in value.items()}
    return world.ids.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize(("method", "parameters", "fields"), FIELDS)
def test_fields_and_their_order(json_alice, world, method, parameters, fields):
    world.ids["entry"] = world.add_entry(end=0)
    world.ids["expense"] = world.add_expense()
    values = [number_of(world, value) for value in parameters]
    answer = json_alice.call(method, *values)
    assert list(answer) == ["success", "items", "total"]
    assert answer["items"]
    for item in answer["items"]:
        assert ",".join(item) == fields


def test_fields_of_a_projects_tasks(json_alice):
    tasks = [task for row in json_alice.items("getProjects", True) for task in row["tasks"]]
    assert tasks
    for task in tasks:
        assert ",".join(task) == TASK + ",budget,approved,effort"
