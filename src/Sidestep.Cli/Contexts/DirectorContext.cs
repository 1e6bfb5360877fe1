using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Sidestep.Cli.Contexts;

/// <summary>A director of another machine, and how to authenticate there.</summary>
/// <param name="Name">Selects it: <c>--context NAME</c>.</param>
/// <param name="Server">The URL of its listener <c>node.management</c>.</param>
public sealed record DirectorContext(string Name, Uri Server)
{
    /// <summary>The authorities that may have issued the director's certificate, as text in PEM format; null: those
    /// that this machine trusts.</summary>
    public string? Authorities { get; init; }

    /// <summary>The token of a login, or one that was created for this machine; null: there is none.</summary>
    public string? Token { get; init; }

    /// <summary>Path of the user's certificate in PEM format; null: there is none.</summary>
    public string? CertFile { get; init; }

    /// <summary>Path of the private key of the certificate.</summary>
    public string? KeyFile { get; init; }
}

/// <summary>The content of the file with contexts.</summary>
public sealed record ContextList
{
    /// <summary>The context of commands that name none; null: the director on this machine.</summary>
    public string? Current { get; init; }

    /// <summary>The contexts, ordered by name.</summary>
    public ImmutableArray<DirectorContext> Contexts { get; init; } = [];
}

/// <summary>The serialiser of the file with contexts.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ContextList))]
internal sealed partial class ContextJson : JsonSerializerContext;
