using System.Globalization;
using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>Seconds, with up to three decimals.</summary>
/// <param name="minimum">Least number of seconds.</param>
/// <param name="maximum">Greatest number of seconds.</param>
internal sealed class SecondsKind(double minimum, double maximum) : ScalarKind<TimeSpan>
{
    private const int Decimals = 3;

    protected override string Expected =>
        string.Create(CultureInfo.InvariantCulture, $"seconds from {minimum} to {maximum}, such as 2 or 0.5");

    public override JsonObject ToJsonSchema() =>
        new() { ["type"] = "number", ["minimum"] = minimum, ["maximum"] = maximum };

    public override JsonNode? ToJson(TimeSpan value) => JsonValue.Create(value.TotalSeconds);

    protected override Problem? Parse(ScalarNode scalar, out TimeSpan value)
    {
        value = default;
        string text = scalar.Text;
        int point = text.IndexOf('.', StringComparison.Ordinal);
        if (text.Length == 0 || !text.All(static c => char.IsAsciiDigit(c) || c == '.')
            || text.Count(static c => c == '.') > 1
            || point == 0 || point == text.Length - 1)
            return new Problem("not a number of seconds in decimal digits");
        if (scalar.Quoted)
            return new Problem("text, because it is in quotes", "Remove the quotes");
        if (text.Length > 1 && text[0] == '0' && point != 1)
            return new Problem("begins with a zero, which some readers of YAML take for octal",
                "Remove the leading zero");
        if (point >= 0 && text.Length - point - 1 > Decimals)
            return new Problem("finer than a millisecond");
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            || seconds < minimum || seconds > maximum)
            return new Problem("out of range");
        value = TimeSpan.FromMilliseconds(Math.Round(seconds * 1000));
        return null;
    }
}
