using YamlDotNet.RepresentationModel;

namespace Sidestep.Lab.Scenarios;

/// <summary>The director's YAML file, edited as an operator would: servers appear in and disappear from the pool.</summary>
internal sealed class PoolFile
{
    private readonly string _path;
    private readonly string _original;

    public PoolFile(string path)
    {
        _path = path;
        _original = File.ReadAllText(path);
        All = [.. Servers(Load()).Select(Name)];
    }

    /// <summary>The servers that the file names as it is in the topology's folder.</summary>
    public IReadOnlyList<string> All { get; }

    public void Write(IReadOnlyCollection<string> members)
    {
        var unknown = members.Except(All).ToArray();
        if (unknown.Length > 0)
            throw new LabException($"{_path} has no server {string.Join(", ", unknown)}; it has {string.Join(", ", All)}.");

        var document = Load();
        var servers = Servers(document);
        foreach (var server in servers.ToArray())
        {
            if (!members.Contains(Name(server)))
                servers.Children.Remove(server);
        }

        // Put in place by a rename, so that nobody reads half of it.
        using (var file = File.CreateText(_path + ".new"))
            document.Save(file, assignAnchors: false);
        File.Move(_path + ".new", _path, overwrite: true);
    }

    private YamlStream Load()
    {
        var document = new YamlStream();
        using var text = new StringReader(_original);
        document.Load(text);
        return document;
    }

    private static YamlSequenceNode Servers(YamlStream document)
        => (YamlSequenceNode)document.Documents[0].RootNode["pools"][0]["servers"];

    private static string Name(YamlNode server) => ((YamlScalarNode)server["name"]).Value!;
}
