<?php
// The scenario by SoapClient from a document/literal WSDL, in SOAP 1.2 if a second argument says so.

declare(strict_types=1);

require __DIR__ . '/steps.php';

$client = new SoapClient($argv[1], [
    'cache_wsdl' => WSDL_CACHE_NONE,
    'soap_version' => ($argv[2] ?? '1.1') === '1.2' ? SOAP_1_2 : SOAP_1_1,
    // Without it a list of one is that one.
    'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
]);

run_steps(function (string $method, array $params) use ($client): mixed {
    if (($params['id'] ?? null) === 'twelve') {
        // SoapClient would make 0 of it, since it knows the type; this is what it can't know.
        $params['id'] = new SoapVar('<id xmlns="urn:kimai-remote">twelve</id>', XSD_ANYXML);
    }
    try {
        $result = $client->$method($params)->{$method . 'Result'};
    } catch (SoapFault $fault) {
        throw new Refused($fault->faultcode, $fault->faultstring);
    }
    return is_string($result) ? $result : plain($result);
});

/** Objects as arrays, and lists without what wraps them. */
function plain(mixed $value): mixed
{
    if (is_array($value)) {
        return array_map(plain(...), $value);
    }
    if (!is_object($value)) {
        return $value;
    }
    $members = array_map(plain(...), get_object_vars($value));
    foreach (['items', 'tasks'] as $list) {
        if (array_key_exists($list, $members)) {
            $members[$list] = array_values((array) $members[$list])[0] ?? [];
        }
    }
    return $members;
}
