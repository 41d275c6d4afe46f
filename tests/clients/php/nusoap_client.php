<?php
// The scenario by nusoap, from the WSDL of either dialect, or in rpc/encoded with the address alone.
// Arguments: the WSDL or address, and nusoap's file.
// Its constructors are named like their class, which PHP 8 doesn't call: they are renamed in a copy.

declare(strict_types=1);

require __DIR__ . '/steps.php';

restore_error_handler();
error_reporting(E_ERROR | E_PARSE);  // it was written for PHP 4

$code = file_get_contents($argv[2]);
preg_match_all('/^class (\w+)/m', $code, $classes);
$names = implode('|', $classes[1]);
$copy = tempnam(sys_get_temp_dir(), 'nusoap');
file_put_contents($copy, preg_replace("/(function |parent::)($names)\\(/", '$1__construct(', $code));
require $copy;
unlink($copy);

$client = new nusoap_client($argv[1], str_contains($argv[1], 'wsdl'));
$client->soap_defencoding = 'UTF-8';
$client->decode_utf8 = false;
if ($client->getError()) {
    fwrite(STDERR, $client->getError());
    exit(1);
}

run_steps(function (string $method, array $params) use ($client): mixed {
    $answer = $client->call($method, $params);
    if ($client->fault) {
        throw new Refused($answer['faultcode'], $answer['faultstring']);
    }
    if ($client->getError()) {
        throw new Exception($client->getError());
    }
    // The answer in document/literal is an element around the result.
    $result = $answer[$method . 'Result'] ?? $answer;
    return is_array($result) ? unwrapped($result) : $result;
});

/** Lists without the element that wraps them in document/literal. */
function unwrapped(array $record): array
{
    foreach (array_intersect(['items', 'tasks'], array_keys($record)) as $list) {
        $records = $record[$list] ?: [];
        if (!array_is_list($records)) {
            // One record is decoded as such, several as a list.
            [$records] = array_values($records);
            $records = array_is_list($records) ? $records : [$records];
        }
        $record[$list] = array_map(unwrapped(...), $records);
    }
    return $record;
}
