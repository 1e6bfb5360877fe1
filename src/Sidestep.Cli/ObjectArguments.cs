using System.CommandLine;
using System.CommandLine.Parsing;
using Sidestep.Model.Objects;

namespace Sidestep.Cli;

/// <summary>The arguments that name objects of the configuration: KIND, NAME and <c>--pool</c>.</summary>
internal sealed class ObjectArguments
{
    /// <summary>The kinds, as they are written on the command line.</summary>
    private static readonly ObjectKind[] Kinds = [.. ObjectKind.OfDocument, ObjectKind.RealServer];

    private readonly Argument<string> _kind;
    private readonly Argument<string?> _name;

    private readonly Option<string?> _pool = new("--pool") { Description = "With servers: name of their pool." };

    /// <summary>Adds the arguments to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="others">What KIND may be beside the kinds of objects.</param>
    /// <param name="needsName">True: NAME must be there.</param>
    internal ObjectArguments(Command command, string[] others, bool needsName)
    {
        _kind = new Argument<string>("KIND")
        {
            Description = $"One of {string.Join(", ", others.Concat(Kinds.Select(static k => k.Plural)))}.",
        };
        string[] words = [.. others, .. Kinds.Select(static k => k.Plural)];
        _kind.CompletionSources.Add(words);
        _name = new Argument<string?>("NAME")
        {
            Description = "Name of the object; of a VIP, its address.",
            Arity = needsName ? ArgumentArity.ExactlyOne : ArgumentArity.ZeroOrOne,
        };
        command.Add(_kind);
        command.Add(_name);
        command.Add(_pool);
        command.Validators.Add(result =>
        {
            string? kind = result.GetValue(_kind);
            if (kind is not null && !words.Contains(kind))
            {
                result.AddError($"'{kind}' is not a kind: write one of {string.Join(", ", words)}");
                return;
            }
            if (others.Contains(kind) && result.GetValue(_name) is not null)
                result.AddError($"{kind} has no NAME");
            bool isServer = kind == ObjectKind.RealServer.Plural;
            if (isServer && result.GetValue(_pool) is null)
                result.AddError("name the pool of the servers with --pool");
            else if (!isServer && result.GetValue(_pool) is not null)
                result.AddError("--pool is only for servers");
        });
    }

    /// <summary>True if a name was given.</summary>
    internal bool HasName(CommandResult result) => result.GetValue(_name) is not null;

    /// <summary>True if KIND is a kind of objects.</summary>
    internal bool IsKind(CommandResult result) => Kinds.Any(k => k.Plural == result.GetValue(_kind));

    /// <summary>What KIND is.</summary>
    internal string KindText(ParseResult parsed) => parsed.GetRequiredValue(_kind);

    /// <summary>The kind of objects.</summary>
    internal ObjectKind KindOf(ParseResult parsed) =>
        Array.Find(Kinds, k => k.Plural == parsed.GetValue(_kind))!;

    /// <summary>The pool that contains the objects; null: the configuration.</summary>
    internal ObjectPath? OwnerOf(ParseResult parsed) =>
        parsed.GetValue(_pool) is { } pool ? new ObjectPath(ObjectKind.Pool, pool) : null;

    /// <summary>The object; null: no name was given.</summary>
    internal ObjectPath? PathOf(ParseResult parsed) =>
        parsed.GetValue(_name) is { } name ? new ObjectPath(KindOf(parsed), name, OwnerOf(parsed)) : null;
}
