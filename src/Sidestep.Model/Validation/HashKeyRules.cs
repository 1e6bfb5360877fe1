using System.Collections.Immutable;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>The hash key is secret: a client that knows it can choose source addresses that all reach one
/// server.</summary>
/// <remarks>A public key is a warning, because the director works: tests and labs have good reasons for a fixed
/// key.</remarks>
internal static class HashKeyRules
{
    // All zero, and the key of docs/example.yaml and docs/configuration.md.
    private static readonly ImmutableArray<HashKey> PublishedKeys =
        [default, new(0x0123456789abcdef, 0x0123456789abcdef)];

    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        if (document.Group?.Find(GroupSchema.HashKey) is { } key && PublishedKeys.Contains(key.Value))
            issues.Warning(key.Path, key.Node,
                "a public key, with which a client can aim all its flows at one server",
                $"Make one with `openssl rand -hex {HashKey.Digits / 2}`");
    }
}
