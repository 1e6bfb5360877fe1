namespace Sidestep.Model.Schema;

/// <summary>Finds the word that somebody who wrote another one probably meant.</summary>
internal static class Nearest
{
    /// <summary>The candidate with the fewest edits from <paramref name="text"/>, the first of equals; null when none is
    /// near: at most a third of the letters may differ.</summary>
    public static string? To(string text, IEnumerable<string> candidates)
    {
        string wanted = Plain(text);
        // No key or name is longer, and a long text must not cost its length squared.
        if (wanted.Length > Limits.NameLength + 8)
            return null;
        string? nearest = null;
        int best = int.MaxValue;
        foreach (string candidate in candidates)
        {
            string plain = Plain(candidate);
            int allowed = Math.Max(1, Math.Max(wanted.Length, plain.Length) / 3);
            if (Math.Abs(wanted.Length - plain.Length) > Math.Min(allowed, best - 1))
                continue;
            int edits = Distance(wanted, plain);
            if (edits <= allowed && edits < best)
                (nearest, best) = (candidate, edits);
        }
        return nearest;
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that turn one text into the other.</summary>
    private static int Distance(string a, string b)
    {
        var beforeLast = new int[b.Length + 1];
        var last = new int[b.Length + 1];
        var row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++)
            last[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(replace, Math.Min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
            }
            (beforeLast, last, row) = (last, row, beforeLast);
        }
        return last[b.Length];
    }

    // hash_fields, Hash-Fields and hashFields are the same word to the one who types it.
    private static string Plain(string text) => text
        .Replace("-", "", StringComparison.Ordinal)
        .Replace("_", "", StringComparison.Ordinal)
        .ToLowerInvariant();
}
