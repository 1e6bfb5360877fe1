using Sidestep.Testing;

namespace Sidestep.UnitTests.Vocabulary;

/// <summary>Where a retired word is forbidden.</summary>
internal enum RetiredScope
{
    /// <summary>The word, in prose and as part of an identifier.</summary>
    Anywhere,

    /// <summary>As part of an identifier, a key or a file name.</summary>
    Name,

    /// <summary>A whole identifier or key.</summary>
    Identifier,

    /// <summary>A whole file or folder name, without its extension.</summary>
    File,

    /// <summary>Words one after the other, in any text.</summary>
    Phrase,
}

/// <summary>A word that the project no longer uses.</summary>
/// <param name="Text">As it was written; identifiers keep their case.</param>
/// <param name="Scope">Where it is forbidden.</param>
/// <param name="Instead">The term to use.</param>
/// <param name="StaysIn">Beginnings of the paths where it stays; ADR 44 says why.</param>
internal sealed record RetiredWord(string Text, RetiredScope Scope, string Instead, IReadOnlyList<string> StaysIn)
{
    /// <summary>The list, relative to the repository.</summary>
    internal const string ListFile = "tests/Sidestep.UnitTests/Vocabulary/retired-words.tsv";

    /// <summary>All entries of <see cref="ListFile"/>.</summary>
    internal static IReadOnlyList<RetiredWord> All { get; } =
    [
        .. File.ReadLines(Repository.File(ListFile)).Where(static l => l.Length > 0 && l[0] != '#').Select(Read),
    ];

    /// <summary>True when the file may use it.</summary>
    internal bool MayStayIn(string file) => StaysIn.Any(s => file.StartsWith(s, StringComparison.Ordinal));

    private static RetiredWord Read(string line) =>
        line.Split('\t') is [var text, var scope, { Length: > 0 } instead, .. var paths]
        ? new RetiredWord(text, Enum.Parse<RetiredScope>(scope, ignoreCase: true), instead,
            paths is [var one] ? one.Split(' ') : [])
        : throw new FormatException($"{ListFile}: '{line}' is not 'word TAB scope TAB replacement'");
}
