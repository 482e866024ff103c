#!/bin/sh
# Tells Event Grid where dropped models go, with the key that the app's host made when it first ran. Takes from its
# environment AZURE_LOCATION, AZURE_ENV_NAME and the outputs of main.bicep.
set -eu
key=$(az functionapp keys list --resource-group "$AZURE_RESOURCE_GROUP" --name "$PILOTLIGHT_APP_NAME" \
  --query systemKeys.blobs_extension --output tsv)
if [ -z "$key" ]; then
  echo "the app $PILOTLIGHT_APP_NAME has no key blobs_extension yet: it has not run; deploy again" >&2
  exit 1
fi
az deployment group create --resource-group "$AZURE_RESOURCE_GROUP" --name dropped-models --output none \
  --template-file "$(dirname "$0")/events.bicep" \
  --parameters "location=$AZURE_LOCATION" "suffix=$PILOTLIGHT_SUFFIX" "storageName=$PILOTLIGHT_STORAGE_NAME" \
  "hostName=${PILOTLIGHT_URL#https://}" "blobsExtensionKey=$key" "tags={\"azd-env-name\":\"$AZURE_ENV_NAME\"}"
