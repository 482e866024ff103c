// List prices of 2025, US dollars, East US. Check them before a decision hangs on them:
// https://azure.microsoft.com/pricing/details/functions/, …/container-apps/, …/app-service/linux/
// show their figures to a browser only; what could be read elsewhere says where. Grants are a
// subscription's for a month. Storage, Cosmos DB, telemetry and traffic are not in here.

/** On demand by second: modal.com, "Azure Functions pricing", May 2025. The others: check. */
export const FLEX = {
  onDemand: {
    gbSecond: 0.000026,
    freeGbSeconds: 100_000,
    execution: 0.4 / 1e6,
    freeExecutions: 250_000,
  },
  /** No grants. The baseline is paid all the time, the rest while it works. */
  alwaysReady: { baselineGbSecond: 0.000004, gbSecond: 0.000016, execution: 0.4 / 1e6 },
} as const;

/** Grants: Learn, "Billing in Azure Container Apps". Prices of the active rate: check. */
export const CONTAINER_APPS = {
  vcpuSecond: 0.000024,
  freeVcpuSeconds: 180_000,
  gibSecond: 0.000003,
  freeGibSeconds: 360_000,
  request: 0.4 / 1e6,
  freeRequests: 2e6,
} as const;

/** Nodes of the D series (D4s v5): by vCPU and hour. Check. */
export const NODES = { vcpuHour: 0.048 } as const;

/** P1v3 on Linux: 2 vCPU, 8 GB; by the hour and instance, whatever it does. Check. */
export const DEDICATED = { instanceHour: 0.155 } as const;

export const HOURS_A_MONTH = 730;
