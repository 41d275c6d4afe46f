<?php
// What strtotime answers to texts, for test_strtotime.py. Reads and writes JSON:
//   {"now": unix seconds, "zones": [name, …], "answers": {text: [unix seconds or null, one a zone], …}}
// The answers that it reads may be empty. To write the table anew:
//   php strtotime.php < strtotime.json > new.json && mv new.json strtotime.json
$table = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
$flags = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR;
$lines = [];
foreach (array_keys($table['answers']) as $text) {
    $answers = [];
    foreach ($table['zones'] as $zone) {
        date_default_timezone_set($zone);
        $seconds = strtotime((string) $text, $table['now']);
        $answers[] = $seconds === false ? null : $seconds;
    }
    $lines[] = '    ' . json_encode((string) $text, $flags) . ': ' . json_encode($answers, $flags);
}
echo "{\n  \"php\": \"", PHP_MAJOR_VERSION, '.', PHP_MINOR_VERSION, "\",\n";
echo '  "now": ', json_encode($table['now'], $flags), ",\n";
echo '  "zones": ', json_encode($table['zones'], $flags), ",\n";
echo "  \"answers\": {\n", implode(",\n", $lines), "\n  }\n}\n";
