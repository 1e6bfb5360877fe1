using System.Globalization;

namespace Sidestep.Model.Yaml;

/// <summary>Composes paths of the document as issues show them: <c>pools[0].servers[3].weight</c>.</summary>
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
