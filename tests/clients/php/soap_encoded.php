<?php
// The scenario by SoapClient in the rpc/encoded dialect: calls by position, native arrays. From
// the WSDL if there is one in the address, else with the address alone. In SOAP 1.2 if a second
// argument says so.

declare(strict_types=1);

require __DIR__ . '/steps.php';

$hasContract = str_contains($argv[1], 'wsdl');
$options = ['soap_version' => ($argv[2] ?? '1.1') === '1.2' ? SOAP_1_2 : SOAP_1_1];
$client = $hasContract
    ? new SoapClient($argv[1], ['cache_wsdl' => WSDL_CACHE_NONE] + $options)
    : new SoapClient(null, ['location' => $argv[1], 'uri' => $argv[1]] + $options);

run_steps(function (string $method, array $params) use ($client, $hasContract): mixed {
    if ($hasContract && ($params['id'] ?? null) === 'twelve') {
        // SoapClient would make 0 of it, since it knows the type; this is what it can't know.
        $params['id'] = new SoapVar('<id>twelve</id>', XSD_ANYXML);
    }
    try {
        return $client->$method(...array_values($params));
    } catch (SoapFault $fault) {
        throw new Refused($fault->faultcode, $fault->faultstring);
    }
});
