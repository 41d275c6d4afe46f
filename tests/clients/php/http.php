<?php
// HTTP as PHP's curl has it: a kept connection, Expect: 100-continue for what is large, chunks.
// Prints, for each call, the status lines that came, the answer, and how many connections were
// made for it.

declare(strict_types=1);

require __DIR__ . '/steps.php';

$curl = curl_init();
$statuses = [];
curl_setopt($curl, CURLOPT_HEADERFUNCTION, function ($curl, string $line) use (&$statuses): int {
    if (str_starts_with($line, 'HTTP/')) {
        $statuses[] = trim($line);
    }
    return strlen($line);
});

function send(array $options): array
{
    global $curl, $argv, $statuses;
    $statuses = [];
    curl_setopt_array($curl, $options + [
        CURLOPT_URL => $argv[1],
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 60,
    ]);
    $body = curl_exec($curl);
    return [
        'statuses' => $statuses,
        'body' => json_decode((string) $body, true) ?? $body,
        'connections' => curl_getinfo($curl, CURLINFO_NUM_CONNECTS),
    ];
}

// A parameter that the method doesn't know makes a request of any size.
$call = fn (int $size): string => json_encode([
    'jsonrpc' => '2.0', 'id' => 1, 'method' => 'getVersion', 'params' => ['x' => str_repeat('x', $size)],
]);
$large = $call(1_500_000);
$unsent = $call(200_000);

$report = [
    'small' => send([CURLOPT_POSTFIELDS => $call(10)]),
    'large' => send([CURLOPT_POSTFIELDS => $large]),
    'again' => send([CURLOPT_POSTFIELDS => $call(10)]),
    'expecting' => send([
        CURLOPT_POSTFIELDS => $call(10),
        CURLOPT_HTTPHEADER => ['Expect: 100-continue'],
    ]),
    'chunked' => send([
        CURLOPT_UPLOAD => true,
        CURLOPT_CUSTOMREQUEST => 'POST',
        CURLOPT_HTTPHEADER => ['Transfer-Encoding: chunked', 'Expect:'],
        CURLOPT_READFUNCTION => function ($curl, $file, int $room) use (&$unsent): string {
            $piece = substr($unsent, 0, min($room, 10_000));
            $unsent = substr($unsent, strlen($piece));
            return $piece;
        },
    ]),
];
curl_setopt_array($curl, [CURLOPT_UPLOAD => false, CURLOPT_HTTPHEADER => []]);
$report['tooLarge'] = send([CURLOPT_POSTFIELDS => $call(3_000_000)]);
$report['afterwards'] = send([CURLOPT_POSTFIELDS => $call(10)]);
echo json_encode($report, JSON_THROW_ON_ERROR);
