using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>A whole number in decimal digits, in a range or from a list.</summary>
internal sealed class IntegerKind : ScalarKind<int>
{
    private readonly int _minimum;
    private readonly int _maximum;
    private readonly ImmutableArray<int> _choices = [];

    public IntegerKind(int minimum, int maximum) => (_minimum, _maximum) = (minimum, maximum);

    /// <param name="choices">The possible numbers, ascending.</param>
    public IntegerKind(ImmutableArray<int> choices)
        : this(choices[0], choices[^1]) => _choices = choices;

    protected override string Expected => _choices.IsEmpty
        ? $"a whole number from {_minimum} to {_maximum}"
        : $"one of {string.Join(", ", _choices)}";

    public override JsonObject ToJsonSchema()
    {
        var schema = new JsonObject { ["type"] = "integer" };
        if (_choices.IsEmpty)
        {
            schema["minimum"] = _minimum;
            schema["maximum"] = _maximum;
        }
        else
        {
            schema["enum"] = new JsonArray([.. _choices.Select(c => JsonValue.Create(c))]);
        }
        return schema;
    }

    public override JsonNode? ToJson(int value) => JsonValue.Create(value);

    protected override Problem? Parse(ScalarNode scalar, out int value)
    {
        value = 0;
        string text = scalar.Text;
        string digits = text.StartsWith('-') ? text[1..] : text;
        if (digits.Length == 0 || !digits.All(char.IsAsciiDigit))
            return new Problem("not a whole number in decimal digits");
        if (scalar.Quoted)
            return new Problem("text, because it is in quotes", "Remove the quotes");
        // YAML 1.1 reads 010 as eight, YAML 1.2 as ten.
        if (digits.Length > 1 && digits[0] == '0')
            return new Problem("begins with a zero, which some readers of YAML take for octal",
                "Remove the leading zero");
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
            || value < _minimum || value > _maximum)
            return new Problem("out of range");
        return _choices.IsEmpty || _choices.Contains(value) ? null : new Problem("not a possible size");
    }
}
