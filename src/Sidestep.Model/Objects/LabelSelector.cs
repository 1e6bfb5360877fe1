using System.Collections.Immutable;

namespace Sidestep.Model.Objects;

/// <summary>Selects objects by their labels, in the equality-based syntax of Kubernetes:
/// <c>team=shop,tier!=front,beta,!old</c>. All terms must apply.</summary>
public sealed class LabelSelector
{
    private readonly ImmutableArray<Term> _terms;

    private LabelSelector(ImmutableArray<Term> terms) => _terms = terms;

    /// <summary>Parses a selector. An empty one selects everything.</summary>
    /// <exception cref="FormatException">A term has no key; the message says what to write.</exception>
    public static LabelSelector Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new LabelSelector(string.IsNullOrWhiteSpace(text) ? []
            : [.. text.Split(',', StringSplitOptions.TrimEntries).Select(ParseTerm)]);
    }

    /// <summary>True if an object with these labels is selected.</summary>
    public bool Selects(Func<string, string?> labelOf)
    {
        ArgumentNullException.ThrowIfNull(labelOf);
        return _terms.All(t => t.Value is null ? labelOf(t.Key) is null == t.IsNegated
            : labelOf(t.Key) == t.Value != t.IsNegated);
    }

    private static Term ParseTerm(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            bool isNegated = text.StartsWith('!');
            return Term.Of(text, isNegated ? text[1..] : text, null, isNegated);
        }
        string value = text[(equals + 1)..].TrimStart('=');
        return text[..equals] is [.., '!'] ? Term.Of(text, text[..(equals - 1)], value, true)
            : Term.Of(text, text[..equals], value, false);
    }

    /// <param name="Key">The key of the label.</param>
    /// <param name="Value">Its value; null: any.</param>
    /// <param name="IsNegated">True: objects with such a label are not selected.</param>
    private sealed record Term(string Key, string? Value, bool IsNegated)
    {
        public static Term Of(string text, string key, string? value, bool isNegated) =>
            key.AsSpan().Trim().IndexOfAny("!= ") is -1 && key.Trim().Length > 0
                ? new Term(key.Trim(), value?.Trim(), isNegated)
                : throw new FormatException(
                    $"'{text}' is not a term of a label selector: write KEY=VALUE, KEY!=VALUE, KEY or !KEY");
    }
}
