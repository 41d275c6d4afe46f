"""The permissions of each caller, written by hand: the expectation of the tests of permissions.

Callers (rows): ``nokey`` sends no key, ``wrong`` an unknown key; ``idle`` is inactive,
``gone`` trashed, ``bert`` banned (their keys were valid before); ``alice`` is a plain user of group
blue, ``ben`` its leader, ``gina`` its admin; ``root`` is the global administrator; ``acme`` is
blue's customer; ``oscar`` is a plain user of group red; ``vera`` is a plain user of group blue who
may see users of all groups, so their entries too.

Cells: ``ok`` success; ``no`` "Unknown user or no permissions."; ``lock`` refused by editLimit;
``id``, ``pid`` and ``work`` the response to an ID that isn't there: "Invalid ID", of stopRecord
"Unable to stop, not recording?"; "Invalid projectId."; "Invalid project or task".
"""

from __future__ import annotations

#: Access to one entry (columns): the caller's own; of another plain user of blue; of another user
#: of red; the caller's own on a trashed, invisible or internal project; the caller's own that is
#: cleared; the caller's own that ended before the edit limit. The entries of ``acme`` are those on
#: its projects, so those of blue are among them.
ENTRIES = """
method                 who    own  blue red  trashed invisible internal cleared locked
getTimesheetRecord     nokey  no   no   no   no      no        no       no      no
getTimesheetRecord     wrong  no   no   no   no      no        no       no      no
getTimesheetRecord     idle   no   no   no   no      no        no       no      no
getTimesheetRecord     gone   no   no   no   no      no        no       no      no
getTimesheetRecord     bert   no   no   no   no      no        no       no      no
getTimesheetRecord     alice  ok   id   id   ok      ok        ok       ok      ok
getTimesheetRecord     ben    ok   ok   id   ok      ok        ok       ok      ok
getTimesheetRecord     gina   ok   ok   id   ok      ok        ok       ok      ok
getTimesheetRecord     root   ok   ok   ok   ok      ok        ok       ok      ok
getTimesheetRecord     acme   ok   ok   id   id      ok        id       ok      ok
getTimesheetRecord     oscar  ok   id   id   ok      ok        ok       ok      ok
getTimesheetRecord     vera   ok   ok   ok   ok      ok        ok       ok      ok
updateActiveRecording  nokey  no   no   no   no      no        no       no      no
updateActiveRecording  wrong  no   no   no   no      no        no       no      no
updateActiveRecording  idle   no   no   no   no      no        no       no      no
updateActiveRecording  gone   no   no   no   no      no        no       no      no
updateActiveRecording  bert   no   no   no   no      no        no       no      no
updateActiveRecording  alice  ok   id   id   ok      ok        ok       no      lock
updateActiveRecording  ben    ok   ok   id   ok      ok        ok       ok      lock
updateActiveRecording  gina   ok   ok   id   ok      ok        ok       ok      lock
updateActiveRecording  root   ok   ok   ok   ok      ok        ok       ok      lock
updateActiveRecording  acme   no   no   no   no      no        no       no      no
updateActiveRecording  oscar  ok   id   id   ok      ok        ok       no      lock
updateActiveRecording  vera   ok   no   no   ok      ok        ok       no      lock
setTimesheetRecord     nokey  no   no   no   no      no        no       no      no
setTimesheetRecord     wrong  no   no   no   no      no        no       no      no
setTimesheetRecord     idle   no   no   no   no      no        no       no      no
setTimesheetRecord     gone   no   no   no   no      no        no       no      no
setTimesheetRecord     bert   no   no   no   no      no        no       no      no
setTimesheetRecord     alice  ok   id   id   ok      ok        ok       no      lock
setTimesheetRecord     ben    ok   ok   id   ok      ok        ok       ok      lock
setTimesheetRecord     gina   ok   ok   id   ok      ok        ok       ok      lock
setTimesheetRecord     root   ok   ok   ok   ok      ok        ok       ok      lock
setTimesheetRecord     acme   no   no   no   no      no        no       no      no
setTimesheetRecord     oscar  ok   id   id   ok      ok        ok       no      lock
setTimesheetRecord     vera   ok   no   no   ok      ok        ok       no      lock
removeTimesheetRecord  nokey  no   no   no   no      no        no       no      no
removeTimesheetRecord  wrong  no   no   no   no      no        no       no      no
removeTimesheetRecord  idle   no   no   no   no      no        no       no      no
removeTimesheetRecord  gone   no   no   no   no      no        no       no      no
removeTimesheetRecord  bert   no   no   no   no      no        no       no      no
removeTimesheetRecord  alice  ok   id   id   ok      ok        ok       no      lock
removeTimesheetRecord  ben    ok   ok   id   ok      ok        ok       ok      lock
removeTimesheetRecord  gina   ok   ok   id   ok      ok        ok       ok      lock
removeTimesheetRecord  root   ok   ok   ok   ok      ok        ok       ok      lock
removeTimesheetRecord  acme   no   no   no   no      no        no       no      no
removeTimesheetRecord  oscar  ok   id   id   ok      ok        ok       no      lock
removeTimesheetRecord  vera   ok   no   no   ok      ok        ok       no      lock
getExpenseRecord       nokey  no   no   no   no      no        no       no      no
getExpenseRecord       wrong  no   no   no   no      no        no       no      no
getExpenseRecord       idle   no   no   no   no      no        no       no      no
getExpenseRecord       gone   no   no   no   no      no        no       no      no
getExpenseRecord       bert   no   no   no   no      no        no       no      no
getExpenseRecord       alice  ok   id   id   ok      ok        ok       ok      ok
getExpenseRecord       ben    ok   ok   id   ok      ok        ok       ok      ok
getExpenseRecord       gina   ok   ok   id   ok      ok        ok       ok      ok
getExpenseRecord       root   ok   ok   ok   ok      ok        ok       ok      ok
getExpenseRecord       acme   ok   ok   id   id      ok        id       ok      ok
getExpenseRecord       oscar  ok   id   id   ok      ok        ok       ok      ok
getExpenseRecord       vera   ok   ok   ok   ok      ok        ok       ok      ok
setExpenseRecord       nokey  no   no   no   no      no        no       no      no
setExpenseRecord       wrong  no   no   no   no      no        no       no      no
setExpenseRecord       idle   no   no   no   no      no        no       no      no
setExpenseRecord       gone   no   no   no   no      no        no       no      no
setExpenseRecord       bert   no   no   no   no      no        no       no      no
setExpenseRecord       alice  ok   id   id   ok      ok        ok       no      lock
setExpenseRecord       ben    ok   ok   id   ok      ok        ok       ok      lock
setExpenseRecord       gina   ok   ok   id   ok      ok        ok       ok      lock
setExpenseRecord       root   ok   ok   ok   ok      ok        ok       ok      lock
setExpenseRecord       acme   no   no   no   no      no        no       no      no
setExpenseRecord       oscar  ok   id   id   ok      ok        ok       no      lock
setExpenseRecord       vera   ok   no   no   ok      ok        ok       no      lock
removeExpenseRecord    nokey  no   no   no   no      no        no       no      no
removeExpenseRecord    wrong  no   no   no   no      no        no       no      no
removeExpenseRecord    idle   no   no   no   no      no        no       no      no
removeExpenseRecord    gone   no   no   no   no      no        no       no      no
removeExpenseRecord    bert   no   no   no   no      no        no       no      no
removeExpenseRecord    alice  ok   id   id   ok      ok        ok       no      lock
removeExpenseRecord    ben    ok   ok   id   ok      ok        ok       ok      lock
removeExpenseRecord    gina   ok   ok   id   ok      ok        ok       ok      lock
removeExpenseRecord    root   ok   ok   ok   ok      ok        ok       ok      lock
removeExpenseRecord    acme   no   no   no   no      no        no       no      no
removeExpenseRecord    oscar  ok   id   id   ok      ok        ok       no      lock
removeExpenseRecord    vera   ok   no   no   ok      ok        ok       no      lock
"""

#: Stopping an entry that is running (columns as above). A cleared or long running one can be
#: stopped too, since a recording must have an end.
RUNNING = """
method      who    own  blue red  trashed invisible internal cleared locked
stopRecord  nokey  no   no   no   no      no        no       no      no
stopRecord  wrong  no   no   no   no      no        no       no      no
stopRecord  idle   no   no   no   no      no        no       no      no
stopRecord  gone   no   no   no   no      no        no       no      no
stopRecord  bert   no   no   no   no      no        no       no      no
stopRecord  alice  ok   id   id   ok      ok        ok       ok      ok
stopRecord  ben    ok   ok   id   ok      ok        ok       ok      ok
stopRecord  gina   ok   ok   id   ok      ok        ok       ok      ok
stopRecord  root   ok   ok   ok   ok      ok        ok       ok      ok
stopRecord  acme   no   no   no   no      no        no       no      no
stopRecord  oscar  ok   id   id   ok      ok        ok       ok      ok
stopRecord  vera   ok   no   no   ok      ok        ok       ok      ok
"""

#: Calls that use a project (columns): blue's, red's, blue's that is trashed, invisible, internal;
#: and on blue's with a task of red's, a trashed one, an invisible one, one of another project.
#: ``start``, ``entry`` and ``expense`` create one there; ``move...`` change an own entry of another
#: project to be there. ``-`` where the method takes no task.
PROJECTS = """
method       who    blue red  trashed invisible internal redtask deadtask  hiddentask  othertask
start        nokey  no   no   no      no        no       no      no          no            no
start        wrong  no   no   no      no        no       no      no          no            no
start        idle   no   no   no      no        no       no      no          no            no
start        gone   no   no   no      no        no       no      no          no            no
start        bert   no   no   no      no        no       no      no          no            no
start        alice  ok   work work    ok        ok       work    work        ok            work
start        ben    ok   work work    ok        ok       work    work        ok            work
start        gina   ok   work work    ok        ok       work    work        ok            work
start        root   ok   work work    ok        ok       work    work        ok            work
start        acme   no   no   no      no        no       no      no          no            no
start        oscar  work ok   work    work      work     work    work        work          work
start        vera   ok   work work    ok        ok       work    work        ok            work
entry        nokey  no   no   no      no        no       no      no          no            no
entry        wrong  no   no   no      no        no       no      no          no            no
entry        idle   no   no   no      no        no       no      no          no            no
entry        gone   no   no   no      no        no       no      no          no            no
entry        bert   no   no   no      no        no       no      no          no            no
entry        alice  ok   pid  pid     ok        ok       work    work        ok            work
entry        ben    ok   pid  pid     ok        ok       work    work        ok            work
entry        gina   ok   pid  pid     ok        ok       work    work        ok            work
entry        root   ok   pid  pid     ok        ok       work    work        ok            work
entry        acme   no   no   no      no        no       no      no          no            no
entry        oscar  pid  ok   pid     pid       pid      pid     pid         pid           pid
entry        vera   ok   pid  pid     ok        ok       work    work        ok            work
expense      nokey  no   no   no      no        no       -       -           -             -
expense      wrong  no   no   no      no        no       -       -           -             -
expense      idle   no   no   no      no        no       -       -           -             -
expense      gone   no   no   no      no        no       -       -           -             -
expense      bert   no   no   no      no        no       -       -           -             -
expense      alice  ok   pid  pid     ok        ok       -       -           -             -
expense      ben    ok   pid  pid     ok        ok       -       -           -             -
expense      gina   ok   pid  pid     ok        ok       -       -           -             -
expense      root   ok   pid  pid     ok        ok       -       -           -             -
expense      acme   no   no   no      no        no       -       -           -             -
expense      oscar  pid  ok   pid     pid       pid      -       -           -             -
expense      vera   ok   pid  pid     ok        ok       -       -           -             -
moveActive   nokey  no   no   no      no        no       no      no          no            no
moveActive   wrong  no   no   no      no        no       no      no          no            no
moveActive   idle   no   no   no      no        no       no      no          no            no
moveActive   gone   no   no   no      no        no       no      no          no            no
moveActive   bert   no   no   no      no        no       no      no          no            no
moveActive   alice  ok   work work    ok        ok       work    work        ok            work
moveActive   ben    ok   work work    ok        ok       work    work        ok            work
moveActive   gina   ok   work work    ok        ok       work    work        ok            work
moveActive   root   ok   work work    ok        ok       work    work        ok            work
moveActive   acme   no   no   no      no        no       no      no          no            no
moveActive   oscar  work ok   work    work      work     work    work        work          work
moveActive   vera   ok   work work    ok        ok       work    work        ok            work
moveEntry    nokey  no   no   no      no        no       no      no          no            no
moveEntry    wrong  no   no   no      no        no       no      no          no            no
moveEntry    idle   no   no   no      no        no       no      no          no            no
moveEntry    gone   no   no   no      no        no       no      no          no            no
moveEntry    bert   no   no   no      no        no       no      no          no            no
moveEntry    alice  ok   pid  pid     ok        ok       work    work        ok            work
moveEntry    ben    ok   pid  pid     ok        ok       work    work        ok            work
moveEntry    gina   ok   pid  pid     ok        ok       work    work        ok            work
moveEntry    root   ok   pid  pid     ok        ok       work    work        ok            work
moveEntry    acme   no   no   no      no        no       no      no          no            no
moveEntry    oscar  pid  ok   pid     pid       pid      pid     pid         pid           pid
moveEntry    vera   ok   pid  pid     ok        ok       work    work        ok            work
moveExpense  nokey  no   no   no      no        no       -       -           -             -
moveExpense  wrong  no   no   no      no        no       -       -           -             -
moveExpense  idle   no   no   no      no        no       -       -           -             -
moveExpense  gone   no   no   no      no        no       -       -           -             -
moveExpense  bert   no   no   no      no        no       -       -           -             -
moveExpense  alice  ok   pid  pid     ok        ok       -       -           -             -
moveExpense  ben    ok   pid  pid     ok        ok       -       -           -             -
moveExpense  gina   ok   pid  pid     ok        ok       -       -           -             -
moveExpense  root   ok   pid  pid     ok        ok       -       -           -             -
moveExpense  acme   no   no   no      no        no       -       -           -             -
moveExpense  oscar  pid  ok   pid     pid       pid      -       -           -             -
moveExpense  vera   ok   pid  pid     ok        ok       -       -           -             -
getTasks     nokey  no   no   no      no        no       -       -           -             -
getTasks     wrong  no   no   no      no        no       -       -           -             -
getTasks     idle   no   no   no      no        no       -       -           -             -
getTasks     gone   no   no   no      no        no       -       -           -             -
getTasks     bert   no   no   no      no        no       -       -           -             -
getTasks     alice  ok   pid  pid     ok        ok       -       -           -             -
getTasks     ben    ok   pid  pid     ok        ok       -       -           -             -
getTasks     gina   ok   pid  pid     ok        ok       -       -           -             -
getTasks     root   ok   pid  pid     ok        ok       -       -           -             -
getTasks     acme   ok   pid  pid     ok        pid      -       -           -             -
getTasks     oscar  pid  ok   pid     pid       pid      -       -           -             -
getTasks     vera   ok   pid  pid     ok        ok       -       -           -             -
"""

#: Items of the lists: names of users, customers, projects and tasks, and whose entries and
#: expenses there are. In this test, alice, carl, ben and oscar have recorded time and
#: spent money on shop and on internal, olga on red_project; alice has a running recording.
LISTS = """
method             who    shows
getUsers           nokey  no
getUsers           wrong  no
getUsers           idle   no
getUsers           gone   no
getUsers           bert   no
getUsers           alice  alice
getUsers           ben    alice ben bert carl gina idle root vera
getUsers           gina   alice ben bert carl gina idle root vera
getUsers           root   alice ben bert carl gina idle olga oscar root vera
getUsers           acme   nothing
getUsers           oscar  oscar
getUsers           vera   alice ben bert carl gina idle olga oscar root vera
getCustomers       nokey  no
getCustomers       wrong  no
getCustomers       idle   no
getCustomers       gone   no
getCustomers       bert   no
getCustomers       alice  Acme
getCustomers       ben    Acme
getCustomers       gina   Acme
getCustomers       root   Acme
getCustomers       acme   Acme
getCustomers       oscar  Rival
getCustomers       vera   Acme
getProjects        nokey  no
getProjects        wrong  no
getProjects        idle   no
getProjects        gone   no
getProjects        bert   no
getProjects        alice  Internal Portal Shop
getProjects        ben    Internal Portal Shop
getProjects        gina   Internal Portal Shop
getProjects        root   Internal Portal Shop
getProjects        acme   Portal Shop
getProjects        oscar  Red_Project
getProjects        vera   Internal Portal Shop
getTasks           nokey  no
getTasks           wrong  no
getTasks           idle   no
getTasks           gone   no
getTasks           bert   no
getTasks           alice  Coding Design Meeting
getTasks           ben    Coding Design Meeting
getTasks           gina   Coding Design Meeting
getTasks           root   Coding Design Meeting
getTasks           acme   Coding
getTasks           oscar  Coding Meeting Red_Task
getTasks           vera   Coding Design Meeting
getTimesheet       nokey  no
getTimesheet       wrong  no
getTimesheet       idle   no
getTimesheet       gone   no
getTimesheet       bert   no
getTimesheet       alice  alice:Internal alice:Shop
getTimesheet       ben    ben:Internal ben:Shop
getTimesheet       gina   nothing
getTimesheet       root   nothing
getTimesheet       acme   alice:Shop ben:Shop carl:Shop oscar:Shop
getTimesheet       oscar  oscar:Internal oscar:Shop
getTimesheet       vera   nothing
getExpenses        nokey  no
getExpenses        wrong  no
getExpenses        idle   no
getExpenses        gone   no
getExpenses        bert   no
getExpenses        alice  alice:Internal alice:Shop
getExpenses        ben    ben:Internal ben:Shop
getExpenses        gina   nothing
getExpenses        root   nothing
getExpenses        acme   alice:Shop ben:Shop carl:Shop oscar:Shop
getExpenses        oscar  oscar:Internal oscar:Shop
getExpenses        vera   nothing
getActiveRecording nokey  no
getActiveRecording wrong  no
getActiveRecording idle   no
getActiveRecording gone   no
getActiveRecording bert   no
getActiveRecording alice  alice
getActiveRecording ben    none
getActiveRecording gina   none
getActiveRecording root   none
getActiveRecording acme   none
getActiveRecording oscar  none
getActiveRecording vera   none
"""

#: Who can log in with the right password, and who gets the version.
UNAUTHENTICATED = """
method        who    outcome
authenticate  nokey  no
authenticate  wrong  no
authenticate  idle   no
authenticate  gone   no
authenticate  bert   no
authenticate  alice  ok
authenticate  ben    ok
authenticate  gina   ok
authenticate  root   ok
authenticate  acme   ok
authenticate  oscar  ok
authenticate  vera   ok
getVersion    nokey  ok
getVersion    wrong  ok
getVersion    idle   ok
getVersion    gone   ok
getVersion    bert   ok
getVersion    alice  ok
getVersion    ben    ok
getVersion    gina   ok
getVersion    root   ok
getVersion    acme   ok
getVersion    oscar  ok
getVersion    vera   ok
"""


def rows(table: str) -> list[tuple[str, str, dict[str, str]]]:
    """Return method, caller, and the cells by column of each row."""
    head, *lines = table.strip().splitlines()
    columns = head.split()[2:]
    return [
        (method, who, dict(zip(columns, cells, strict=True)))
        for method, who, *cells in (line.split() for line in lines)
    ]


def lists() -> list[tuple[str, str, list[str]]]:
    """Return method, caller, and the listed items of each row."""
    _, *lines = LISTS.strip().splitlines()
    return [(method, who, words) for method, who, *words in (line.split() for line in lines)]
