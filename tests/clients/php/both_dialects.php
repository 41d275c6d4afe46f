<?php
// Two SoapClients on one address in one program, a dialect each, their calls interleaved.

declare(strict_types=1);

require __DIR__ . '/steps.php';

[, $address, $user, $password] = $argv;
$document = new SoapClient("$address?wsdl", [
    'cache_wsdl' => WSDL_CACHE_NONE,
    'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
]);
$encoded = new SoapClient(null, ['location' => $address, 'uri' => $address]);

$login = $document->authenticate(['username' => $user, 'password' => $password]);
$key = $encoded->authenticate($user, $password)['items'][0]['apiKey'];
$names = [];
for ($time = 0; $time < 3; $time++) {
    $names[] = $document->getProjects(['apiKey' => $key])->getProjectsResult->items->Project[0]->projectID;
    $names[] = $encoded->getProjects($key)['items'][0]['projectID'];
}
echo json_encode([
    'sameKey' => $login->authenticateResult->items->ApiKey[0]->apiKey === $key,
    'projects' => $names,
], JSON_THROW_ON_ERROR);
