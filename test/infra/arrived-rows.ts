import type { Envelope, Teller } from '../../shared/adapters/azure/telemetry-envelopes.ts';
import type { Row } from './kql-values.ts';

// What the workspace makes of the envelopes that are sent:
// https://learn.microsoft.com/azure/azure-monitor/app/convert-classic-resource names the columns.

export function tellerAt(instance = 'one'): Teller {
  return { instrumentationKey: 'k', role: 'pilotlight', roleInstance: instance };
}

export function metricRow(envelope: Envelope): Row {
  const { metrics, properties } = envelope.data.baseData;
  const [metric] = metrics as [Record<'name' | 'value' | 'count' | 'min' | 'max', unknown>];
  const { name, value, count, min, max } = metric;
  return {
    ...common(envelope, 'AppMetrics'),
    Name: name,
    Sum: value,
    ItemCount: count,
    Min: min,
    Max: max,
    Properties: properties,
  };
}

export function spanRow(envelope: Envelope): Row {
  const { id, name, type, duration, success, resultCode, properties } = envelope.data.baseData;
  const [hours, minutes, seconds] = String(duration).split(':').map(Number);
  return {
    ...common(envelope, 'AppDependencies'),
    Id: id,
    Name: name,
    DependencyType: type,
    DurationMs: ((hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1000,
    Success: success,
    ResultCode: resultCode,
    Properties: properties,
  };
}

export function exceptionRow(envelope: Envelope): Row {
  const { exceptions, problemId, properties } = envelope.data.baseData;
  const [exception] = exceptions as [Record<'typeName' | 'message', unknown>];
  return {
    ...common(envelope, 'AppExceptions'),
    ProblemId: problemId,
    ExceptionType: exception.typeName,
    OuterMessage: exception.message,
    Properties: properties,
  };
}

function common({ time, tags }: Envelope, Type: string): Row {
  return {
    Type,
    TimeGenerated: Date.parse(time),
    OperationId: tags['ai.operation.id'],
    ParentId: tags['ai.operation.parentId'],
    AppRoleName: tags['ai.cloud.role'],
    AppRoleInstance: tags['ai.cloud.roleInstance'],
  };
}
