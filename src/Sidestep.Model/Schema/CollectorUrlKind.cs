using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The URL of a collector, of the schemes <c>http</c> and <c>https</c>.</summary>
internal sealed class CollectorUrlKind : ScalarKind<string>
{
    protected override string Expected => "a URL such as https://collector.example:4318";

    public override JsonObject ToJsonSchema() =>
        new() { ["type"] = "string", ["pattern"] = $"^https?://[!-~]{{1,{Limits.PathLength}}}$" };

    public override JsonNode? ToJson(string value) => JsonValue.Create(value);

    protected override Problem? Parse(ScalarNode scalar, out string? value)
    {
        string text = scalar.Text;
        value = text;
        if (text.Length > Limits.PathLength)
            return new Problem($"has {text.Length} characters; {Limits.PathLength} are possible");
        if (!text.StartsWith("http://", StringComparison.Ordinal)
            && !text.StartsWith("https://", StringComparison.Ordinal))
            return new Problem("does not begin with http:// or https://");
        if (text.Any(static c => c is <= ' ' or > '~') || !Uri.TryCreate(text, UriKind.Absolute, out var url)
            || url.Host.Length == 0 || url.Port == 0)
            return new Problem("not a URL");
        if (url.UserInfo.Length > 0)
            return new Problem("has a user, and every reader of the configuration sees it",
                "Remove it, and write a header Authorization into the file of the key headersFile");
        return url.Query.Length > 0 || url.Fragment.Length > 0 || text[^1] is '?' or '#'
            ? new Problem("has a query or a fragment") : null;
    }
}
