using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Sidestep.Lab.Topologies;

/// <summary>Finds and reads the folders below lab/ that hold a topology.yaml.</summary>
internal static class TopologyReader
{
    private const string FileName = "topology.yaml";

    public static IReadOnlyList<string> Names()
        => [.. Directory.EnumerateDirectories(LabPaths.Topologies)
            .Where(folder => File.Exists(Path.Combine(folder, FileName)))
            .Select(folder => Path.GetFileName(folder))
            .Order(StringComparer.Ordinal)];

    public static Topology Read(string name)
    {
        var names = Names();
        if (!names.Contains(name))
            throw new LabException($"There is no topology '{name}'. There are: {string.Join(", ", names)}.");

        var folder = Path.Combine(LabPaths.Topologies, name);
        var topology = Parse(Path.Combine(folder, FileName));
        topology.Name = name;
        topology.Folder = folder;
        Check(topology);
        return topology;
    }

    /// <summary>The drawing in the folder's README.md: its first fenced block.</summary>
    public static string Drawing(Topology topology)
    {
        var lines = File.ReadLines(Path.Combine(topology.Folder, "README.md"))
            .SkipWhile(l => !l.StartsWith("```", StringComparison.Ordinal))
            .Skip(1)
            .TakeWhile(l => !l.StartsWith("```", StringComparison.Ordinal));
        return string.Join('\n', lines);
    }

    private static Topology Parse(string path)
    {
        using var text = File.OpenText(path);
        try
        {
            return new DeserializerBuilder()
                .WithNamingConvention(CamelCaseNamingConvention.Instance)
                .WithDuplicateKeyChecking()
                .Build()
                .Deserialize<Topology>(new MergingParser(new Parser(text)));
        }
        catch (YamlException e)
        {
            throw new LabException($"{path}({e.Start.Line},{e.Start.Column}): {e.InnerException?.Message ?? e.Message}",
                e);
        }
    }

    // A wrong name would otherwise show up late, as a failing `ip` command.
    private static void Check(Topology topology)
    {
        foreach (var end in topology.Links.SelectMany(l => l.Ends).Append(topology.Director.Port)
            .Append(topology.Clients.Port))
            topology.Node(LinkEnd.Parse(end).Node);
        if (topology.Links.Find(l => l.Ends.Count != 2) is { } link)
            throw new LabException($"{topology.Name}: a link has two ends, not {link.Ends.Count}.");

        var director = topology.Node(topology.Director.Node);
        if (!director.Services.Exists(s => s.Name == topology.Director.Service))
            throw new LabException(
                $"{topology.Name}: node {director.Name} has no service '{topology.Director.Service}'.");
        topology.Node(topology.Clients.Node);

        foreach (var server in topology.Steps.Select(s => s.Server).Append(topology.Churn?.BrokenOnPurpose ?? "")
            .Append(topology.Bounce?.RemovedOnPurpose.Node ?? "").Concat(topology.Bounce?.Nodes ?? [])
            .Where(s => s.Length > 0))
            topology.Node(server);
        if (topology.Churn?.GeneratedServices is { } generated
            && (generated.Pools.Count == 0 || generated.Profiles.Count == 0))
            throw new LabException($"{topology.Name}: generatedServices needs pools and profiles.");
        if (topology is { Churn: null, Bounce: null, Faults: false }
            && topology.Vips.GroupBy(v => v.Contains(':')).Any(f => f.Count() > 1))
            throw new LabException(
                $"{topology.Name}: HTTP requests need exactly one VIP of each family, not "
                    + $"{string.Join(", ", topology.Vips)}.");
    }
}

/// <summary>One end of a cable: a node and the name of its interface.</summary>
internal readonly record struct LinkEnd(string Node, string Interface)
{
    public static LinkEnd Parse(string text) => text.Split(':') is [var node, var name]
        ? new LinkEnd(node, name)
        : throw new LabException($"'{text}' is not node:interface.");
}
