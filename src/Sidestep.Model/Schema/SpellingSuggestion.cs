namespace Sidestep.Model.Schema;

/// <summary>Finds the word that a misspelled one was probably meant to be.</summary>
internal static class SpellingSuggestion
{
    /// <summary>The candidate with the fewest edits from <paramref name="text"/>, the first of equals; null if none is
    /// near: at most three letters, and at most a third of them, may differ.</summary>
    public static string? For(string text, IEnumerable<string> candidates)
    {
        string target = Normalize(text);
        // No key or name is longer, and the time is quadratic in the length.
        if (target.Length > Limits.NameLength + 8)
            return null;
        string? nearest = null;
        int best = int.MaxValue;
        foreach (string candidate in candidates)
        {
            string normalized = Normalize(candidate);
            int allowed = Math.Min(Math.Clamp(Math.Max(target.Length, normalized.Length) / 3, 1, 3), best - 1);
            if (Math.Abs(target.Length - normalized.Length) > allowed)
                continue;
            int edits = Distance(target, normalized, allowed);
            if (edits <= allowed)
                (nearest, best) = (candidate, edits);
        }
        return nearest;
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that turn one text into the other (optimal
    /// string alignment distance); some number above <paramref name="limit"/> if it is greater than that.</summary>
    private static int Distance(string a, string b, int limit)
    {
        var beforeLast = new int[b.Length + 1];
        var last = new int[b.Length + 1];
        var row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++)
            last[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            int smallest = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(replace, Math.Min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
                smallest = Math.Min(smallest, row[j]);
            }
            // Later rows have no smaller number: each step costs zero or one, and a swap, from two rows back, costs
            // one.
            if (smallest > limit)
                return smallest;
            (beforeLast, last, row) = (last, row, beforeLast);
        }
        return last[b.Length];
    }

    // hash_fields, Hash-Fields and hashFields are the same word.
    private static string Normalize(string text) => text
        .Replace("-", "", StringComparison.Ordinal)
        .Replace("_", "", StringComparison.Ordinal)
        .ToLowerInvariant();
}
