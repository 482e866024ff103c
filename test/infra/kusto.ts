import { createRequire } from 'node:module';

/** A piece of a query as Microsoft's own parser sees it. */
export interface Piece {
  /** The parser's name of what it is, as `FilterOperator`. */
  readonly kind: string;
  /** As it stands in the query. */
  readonly text: string;
  /** The type of its value, as `real`; empty where it has none. */
  readonly type: string;
  /** Its parts by their names. */
  readonly parts: Readonly<Record<string, Piece>>;
  /** Its members, of a list. */
  readonly members: readonly Piece[];
}

export interface ParsedQuery {
  /** What the parser and its analysis have against it. */
  readonly problems: readonly string[];
  readonly query: Piece;
  /** The columns of its answer. */
  readonly columns: readonly string[];
}

/**
 * The columns that queries may use, by table: https://learn.microsoft.com/azure/azure-monitor/reference/tables.
 * `_LogOperation` is a function of every workspace.
 */
const TABLES: Readonly<Record<string, string>> = {
  AppMetrics:
    'TimeGenerated: datetime, Type: string, Name: string, Sum: real, Min: real, Max: real, ItemCount: int, Properties: dynamic, OperationId: string, ParentId: string, AppRoleName: string, AppRoleInstance: string',
  AppRequests:
    'TimeGenerated: datetime, Type: string, Id: string, Name: string, Url: string, Success: bool, ResultCode: string, DurationMs: real, ItemCount: int, Properties: dynamic, OperationName: string, OperationId: string, ParentId: string, AppRoleName: string, AppRoleInstance: string',
  AppDependencies:
    'TimeGenerated: datetime, Type: string, Id: string, Name: string, Target: string, DependencyType: string, Data: string, Success: bool, ResultCode: string, DurationMs: real, ItemCount: int, Properties: dynamic, OperationName: string, OperationId: string, ParentId: string, AppRoleName: string, AppRoleInstance: string',
  AppExceptions:
    'TimeGenerated: datetime, Type: string, ProblemId: string, ExceptionType: string, OuterMessage: string, Details: dynamic, SeverityLevel: int, ItemCount: int, Properties: dynamic, OperationName: string, OperationId: string, ParentId: string, AppRoleName: string, AppRoleInstance: string',
  AppTraces:
    'TimeGenerated: datetime, Type: string, Message: string, SeverityLevel: int, ItemCount: int, Properties: dynamic, OperationName: string, OperationId: string, ParentId: string, AppRoleName: string, AppRoleInstance: string',
  _LogOperation:
    'TimeGenerated: datetime, Category: string, Operation: string, Detail: string, Level: string',
};

/** What is used of `@kusto/language-service-next`, which is C# made JavaScript. */
interface Symbolic {
  WithName(name: string): Symbolic;
}
interface Syntax {
  readonly Kind: number;
  readonly ChildCount: number;
  readonly ResultType?: { readonly Name: string } | null;
  GetChild(index: number): Syntax | null;
  GetName(index: number): string;
  toString(): string;
}
interface KustoCode {
  readonly Syntax: Syntax;
  readonly ResultType: { readonly Columns?: List<{ readonly Name: string }> } | null;
  GetDiagnostics(): List<{ Message: string; Start: number; Length: number }>;
}
interface List<Member> {
  readonly Count: number;
  getItem(index: number): Member;
}
interface Library {
  readonly Kusto: {
    readonly Language: {
      readonly KustoCode: { ParseAndAnalyze(text: string, globals: unknown): KustoCode };
      readonly GlobalState: { readonly Default: { WithDatabase(database: unknown): unknown } };
      readonly Symbols: {
        readonly TableSymbol: { From(schema: string): Symbolic };
        readonly DatabaseSymbol: {
          readonly $ctor1: new (name: string, members: readonly Symbolic[]) => unknown;
        };
      };
      readonly Syntax: { readonly SyntaxKind: unknown };
    };
  };
  readonly System: { readonly Enum: { toString(type: unknown, value: number): string } };
}

const require = createRequire(`${process.cwd()}/package.json`);
let loaded: { library: Library; globals: unknown } | undefined;

function load(): { library: Library; globals: unknown } {
  if (loaded) return loaded;
  // Both put what they have into the global object.
  require('@kusto/language-service-next/bridge.min.js');
  require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');
  const library = globalThis as unknown as Library;
  const { Symbols, GlobalState } = library.Kusto.Language;
  const tables = Object.entries(TABLES).map(([name, columns]) =>
    Symbols.TableSymbol.From(`(${columns})`).WithName(name),
  );
  const workspace = new Symbols.DatabaseSymbol.$ctor1('workspace', tables);
  loaded = { library, globals: GlobalState.Default.WithDatabase(workspace) };
  return loaded;
}

const parsed = new Map<string, ParsedQuery>();

/** Reads a query against the tables of a workspace. */
export function parseQuery(text: string): ParsedQuery {
  const query = parsed.get(text) ?? parse(text);
  parsed.set(text, query);
  return query;
}

function parse(text: string): ParsedQuery {
  const { library, globals } = load();
  const code = library.Kusto.Language.KustoCode.ParseAndAnalyze(text, globals);
  const problems = members(code.GetDiagnostics()).map(({ Message, Start, Length }) => {
    const line = text.slice(0, Start).split('\n').length;
    return `line ${line}: ${Message} (${text.slice(Start, Start + Length)})`;
  });
  const columns = members(code.ResultType?.Columns).map(({ Name }) => Name);
  let query: Piece | undefined;
  return {
    problems,
    columns,
    get query() {
      return (query ??= pieceOf(code.Syntax, library));
    },
  };
}

function members<Member>(list: List<Member> | undefined): Member[] {
  return Array.from({ length: list?.Count ?? 0 }, (_, i) => (list as List<Member>).getItem(i));
}

/** The parser's names of kinds, by their numbers: it takes long to say them. */
const kinds = new Map<number, string>();

function kindOf({ Kind }: Syntax, { System, Kusto }: Library): string {
  const known = kinds.get(Kind);
  if (known !== undefined) return known;
  const kind = System.Enum.toString(Kusto.Language.Syntax.SyntaxKind, Kind);
  kinds.set(Kind, kind);
  return kind;
}

function pieceOf(syntax: Syntax, library: Library): Piece {
  const kind = kindOf(syntax, library);
  const parts: Record<string, Piece> = {};
  const pieces: Piece[] = [];
  for (let i = 0; i < syntax.ChildCount; i++) {
    const child = syntax.GetChild(i);
    if (!child) continue;
    if (kind === 'SeparatedElement') return pieceOf(child, library);
    if (kind === 'List') pieces.push(pieceOf(child, library));
    else parts[syntax.GetName(i)] = pieceOf(child, library);
  }
  let text: string | undefined;
  return {
    kind,
    get text() {
      return (text ??= syntax.toString().trim());
    },
    type: syntax.ResultType?.Name ?? '',
    parts,
    members: pieces,
  };
}
