"""The fields of each response, in the order in which they stand in its bytes."""

from __future__ import annotations

from typing import Any

import pytest
from caller import Caller

from support.world import World

TASK = "activityID,name,visible"
PROJECT = (
    "projectID,customerID,name,comment,visible,filter,trash,budget,effort,approved,internal,"
    "customerName,customerVisible"
)

#: Method, parameters after the key (strings are names in the test data), and fields of an item.
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


def resolve(world: World, value: Any) -> Any:
    """Replace names in the test data by IDs, in records too."""
    if isinstance(value, dict):
        return {field: resolve(world, name) for field, name in value.items()}
    return world.ids.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize(("method", "parameters", "fields"), FIELDS)
def test_fields_and_their_order(
    json_alice: Caller, world: World, method: str, parameters: list[Any], fields: str
) -> None:
    world.ids["entry"] = world.add_entry(end=0)
    world.ids["expense"] = world.add_expense()
    values = [resolve(world, value) for value in parameters]
    response = json_alice.call(method, *values)
    assert list(response) == ["success", "items", "total"]
    assert response["items"]
    for item in response["items"]:
        assert ",".join(item) == fields


def test_fields_of_a_projects_tasks(json_alice: Caller) -> None:
    tasks = [task for row in json_alice.items("getProjects", True) for task in row["tasks"]]
    assert tasks
    for task in tasks:
        assert ",".join(task) == TASK + ",budget,approved,effort"
