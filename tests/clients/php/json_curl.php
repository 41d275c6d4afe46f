<?php
// The scenario by PHP's curl: JSON-RPC by hand, as most PHP programs do it.

declare(strict_types=1);

require __DIR__ . '/steps.php';

// One handle, so that the connection is kept. PHP's default Content-Type is that of a form.
$curl = curl_init($argv[1]);
curl_setopt_array($curl, [CURLOPT_POST => true, CURLOPT_RETURNTRANSFER => true]);
$id = 0;

run_steps(function (string $method, array $params) use ($curl, &$id): mixed {
    $call = ['jsonrpc' => '2.0', 'method' => $method, 'params' => (object) $params, 'id' => ++$id];
    curl_setopt($curl, CURLOPT_POSTFIELDS, json_encode($call, JSON_THROW_ON_ERROR));
    $answer = json_decode(curl_exec($curl), true, flags: JSON_THROW_ON_ERROR);
    if ($answer['id'] !== $id) {
        throw new RuntimeException('this is the answer to another call');
    }
    if (isset($answer['error'])) {
        throw new Refused((string) $answer['error']['code'], $answer['error']['message']);
    }
    return $answer['result'];
});
