<?php
// What Kimai's web pages do with the database while this service serves it: a small program of our
// own that works on the tables as PHP of that time did, without strictness and in its own charset.
// Usage: kimai_beside.php <host> <port> <user> <password> <database> <prefix> <salt> < steps.json
// Standard input is a list of steps [name, parameter, …]; prints the list of their results.
[, $host, $port, $user, $password, $name, $prefix, $salt] = $argv;
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$db = new mysqli($host, $user, $password, $name, (int) $port);
$db->set_charset('utf8');
$db->query("SET SESSION sql_mode=''");

function rows(string $sql, ...$values): array
{
    global $db, $prefix;
    $statement = $db->prepare(str_replace('{', $prefix, $sql));
    if ($values) {
        $statement->bind_param(str_repeat('s', count($values)), ...$values);
    }
    $statement->execute();
    $result = $statement->get_result();
    return $result ? $result->fetch_all(MYSQLI_ASSOC) : [];
}

$steps = [
    // The form of passwords that Kimai's login page compares.
    'login' => fn($user, $password) => count(rows(
        'SELECT userID FROM {users WHERE name=? AND password=? AND active=1 AND trash=0',
        $user, md5($GLOBALS['salt'] . $password . $GLOBALS['salt'])
    )) === 1,
    'change_password' => fn($user, $password) => rows(
        'UPDATE {users SET password=? WHERE name=?',
        md5($GLOBALS['salt'] . $password . $GLOBALS['salt']), $user
    ),
    'trash_user' => fn($user) => rows('UPDATE {users SET trash=1 WHERE name=?', $user),
    'give_key' => fn($user, $key) => rows('UPDATE {users SET apikey=? WHERE name=?', $key, $user),
    'running' => fn($user) => rows(
        'SELECT t.*, p.name AS projectName, c.name AS customerName, a.name AS activityName, '
        . 's.status FROM {timeSheet t JOIN {projects p USING (projectID) '
        . 'JOIN {customers c USING (customerID) JOIN {activities a USING (activityID) '
        . 'JOIN {statuses s ON s.statusID=t.statusID WHERE t.userID=? AND t.`end`=0', $user
    ),
    'entry' => fn($number) => rows('SELECT * FROM {timeSheet WHERE timeEntryID=?', $number)[0],
    'start' => function ($user, $project, $activity, $now) {
        rows(
            'INSERT INTO {timeSheet (projectID, activityID, start, userID, rate, statusID) '
            . 'VALUES (?, ?, ?, ?, ?, 1)', $project, $activity, $now, $user, ''
        );
        $number = $GLOBALS['db']->insert_id;
        rows('UPDATE {users SET lastProject=?, lastActivity=?, lastRecord=? WHERE userID=?',
            $project, $activity, $number, $user);
        return $number;
    },
    'stop' => fn($number, $now) => rows(
        'UPDATE {timeSheet SET `end`=?, duration=?-start WHERE timeEntryID=?', $now, $now, $number
    ),
    'describe' => fn($number, $text) => rows(
        'UPDATE {timeSheet SET description=? WHERE timeEntryID=?', $text, $number
    ),
    'remove' => fn($number) => rows('DELETE FROM {timeSheet WHERE timeEntryID=?', $number),
    'set_option' => fn($option, $value) => rows(
        'UPDATE {configuration SET `value`=? WHERE `option`=?', $value, $option
    ),
];

$results = [];
foreach (json_decode(stream_get_contents(STDIN), true) as [$step, $given]) {
    $results[] = $steps[$step](...$given);
}
echo json_encode($results, JSON_UNESCAPED_UNICODE), "\n";
