using System.Globalization;

namespace Sidestep.Model.Yaml;

/// <summary>Writes places in the document the way that issues name them: <c>pools[0].servers[3].weight</c>.</summary>
internal static class DocumentPath
{
    public static string Key(string parent, string key)
    {
        string name = IssueList.Quote(key);
        return parent.Length == 0 ? name : $"{parent}.{name}";
    }

    public static string Item(string parent, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{parent}[{index}]");
}
