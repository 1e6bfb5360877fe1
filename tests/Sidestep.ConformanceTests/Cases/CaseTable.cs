using YamlDotNet.RepresentationModel;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>All rows of tests/cases.</summary>
internal static class CaseTable
{
    private const string DefaultsFile = "default.yaml";

    private static readonly Lazy<IReadOnlyList<Case>> LazyCases = new(Load);

    /// <summary>Read once, because some tests build tens of thousands of frames.</summary>
    private static readonly Lazy<CaseNode> Defaults = new(static () => Document(DefaultsFile).Only("names", "given"));
    private static readonly Lazy<HostNames> LazyNames = new(static () => new HostNames(Defaults.Value["names"]));

    public static IReadOnlyList<Case> All => LazyCases.Value;

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "cases");

    public static HostNames Names => LazyNames.Value;

    /// <summary>The default situation of rows, with changes merged into it.</summary>
    public static Given Given(string changes = "{}") => Cases.Given.Read(
        Defaults.Value["given"].With(Parse("changes", new StringReader(changes))), Names);

    /// <summary>Two changes merged into one.</summary>
    public static string Merged(string changes, string more) => Differential.Scenario.FlowStyle(
        Parse("changes", new StringReader(changes)).With(Parse("more", new StringReader(more))).Root!);

    /// <summary>Builds a frame from layers, as in a row.</summary>
    public static byte[] Frame(string layers) =>
        new Frames.FrameBuilder(Names).Build(Parse("frame", new StringReader(layers)), []);

    private static List<Case> Load()
    {
        var cases = Directory.EnumerateFiles(Folder, "*.yaml").Select(static f => Path.GetFileName(f))
            .Where(static f => f != DefaultsFile).Order(StringComparer.Ordinal)
            .SelectMany(f => Rows(f, Document(f), Defaults.Value["given"], Names)).ToList();
        var twice = cases.GroupBy(static c => c.Sentence).FirstOrDefault(static g => g.Count() > 1);
        return twice is null ? cases : throw new FormatException($"two rows are called '{twice.Key}'");
    }

    /// <summary>The rows of a file, which is a list of rows, or a mapping with a situation for all of them and the
    /// list.</summary>
    private static IEnumerable<Case> Rows(string file, CaseNode document, CaseNode defaults, HostNames names)
    {
        var rows = document.IsList ? document : document.Only("given", "rows")["rows"];
        var situation = defaults.With(document["given"]);
        return rows.Items.Select(node => Case.Read(file, node, situation, names));
    }

    private static CaseNode Document(string file)
    {
        using var reader = File.OpenText(Path.Combine(Folder, file));
        return Parse(file, reader);
    }

    private static CaseNode Parse(string name, TextReader reader)
    {
        var stream = new YamlStream();
        stream.Load(reader);
        return new CaseNode(name, stream.Documents[0].RootNode);
    }
}
