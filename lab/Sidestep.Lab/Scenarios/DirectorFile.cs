using System.Globalization;
using System.Net;
using Sidestep.Lab.Topologies;
using YamlDotNet.RepresentationModel;

namespace Sidestep.Lab.Scenarios;

/// <summary>
/// Edits the director's YAML file as an operator would: adds and removes servers and services, and changes a server's
/// weight and state. The topology's file contains all servers and services; the edited file omits the removed ones.
/// </summary>
internal sealed class DirectorFile
{
    private readonly string _path;
    private readonly string _original;
    private readonly GeneratedServices? _generated;
    private int _rotations;
    private readonly HashSet<string> _absent = [];
    private readonly Dictionary<(string Server, string Key), string> _changed = [];

    /// <param name="generated">Services in addition to those in the file; null: none.</param>
    public DirectorFile(string path, GeneratedServices? generated = null)
    {
        _path = path;
        _generated = generated;
        _original = File.ReadAllText(path);
        var document = Load();
        Servers = [.. ServersOf(document).Select(s => Name(s.Server))];
        Services = [.. ServicesOf(document).Select(Name)];
    }

    /// <summary>The servers in the topology's file, of all pools.</summary>
    public IReadOnlyList<string> Servers { get; }

    /// <summary>The services in the topology's file.</summary>
    public IReadOnlyList<string> Services { get; }

    /// <summary>True: the file has the one section <c>director</c> of release 0.1.0 instead of <c>node</c> and
    /// <c>group</c>.</summary>
    public bool HasDirectorSection { get; set; }

    /// <summary>Makes exactly these servers present, with their original settings.</summary>
    public void SetServers(IReadOnlyCollection<string> members)
    {
        foreach (var member in members)
            Check(member, Servers);
        foreach (var server in Servers)
        {
            if (members.Contains(server))
                Add(server);
            else
                Remove(server);
        }
    }

    /// <summary>Adds a server or service, with its original settings.</summary>
    public void Add(string name)
    {
        Check(name, [.. Servers, .. Services]);
        _absent.Remove(name);
        foreach (var change in _changed.Keys.Where(c => c.Server == name).ToArray())
            _changed.Remove(change);
    }

    /// <summary>Removes a server or service.</summary>
    public void Remove(string name)
    {
        Check(name, [.. Servers, .. Services]);
        _absent.Add(name);
    }

    public void Set(string server, string key, string value)
    {
        Check(server, Servers);
        _changed[(server, key)] = value;
    }

    /// <summary>Replaces the generated services by the next set.</summary>
    /// <returns>The names of all present services.</returns>
    public IReadOnlySet<string> RotateGeneratedServices()
    {
        if (_generated is null)
            throw new LabException($"{_path}: the topology has no generated services.");
        _rotations++;
        return _generated.After(_rotations).Select(s => s.Name).Concat(Services.Except(_absent)).ToHashSet();
    }

    /// <returns>ADDRESS:PORT of a service, which names one VIP and one port.</returns>
    public string Endpoint(string service)
    {
        Check(service, Services);
        var found = ServicesOf(Load()).First(s => Name(s) == service);
        return new IPEndPoint(IPAddress.Parse(Text(found, "vip")),
            int.Parse(Text(found, "port"), CultureInfo.InvariantCulture)).ToString();
    }

    public void Save()
    {
        var document = Load();
        foreach (var (servers, server) in ServersOf(document).ToArray())
        {
            if (_absent.Contains(Name(server)))
                servers.Children.Remove(server);
        }
        var services = ServicesOf(document);
        foreach (var service in services.Where(s => _absent.Contains(Name(s))).ToArray())
            services.Children.Remove(service);
        foreach (var member in _generated?.After(_rotations) ?? [])
            services.Add(Node(member, _generated!.Vip));
        foreach (var (_, server) in ServersOf(document))
        {
            foreach (var ((_, key), value) in _changed.Where(c => c.Key.Server == Name(server)))
                ((YamlMappingNode)server).Children[key] = value;
        }

        if (HasDirectorSection)
            MergeSections((YamlMappingNode)document.Documents[0].RootNode);

        // A rename replaces the file, so that no reader sees a part of it.
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

    private static void MergeSections(YamlMappingNode root)
    {
        var director = new YamlMappingNode();
        foreach (var section in new[] { "node", "group" })
        {
            foreach (var (key, value) in (YamlMappingNode)root[section])
                director.Add(key, value);
            root.Children.Remove(section);
        }
        root.Add("director", director);
    }

    private void Check(string name, IReadOnlyList<string> known)
    {
        if (!known.Contains(name))
            throw new LabException($"{_path} has no '{name}'; it has {string.Join(", ", known)}.");
    }

    private static IEnumerable<(YamlSequenceNode Servers, YamlNode Server)> ServersOf(YamlStream document)
        => from pool in (YamlSequenceNode)document.Documents[0].RootNode["pools"]
           let servers = (YamlSequenceNode)pool["servers"]
           from server in servers
           select (servers, server);

    private static YamlSequenceNode ServicesOf(YamlStream document)
        => (YamlSequenceNode)document.Documents[0].RootNode["virtualServices"];

    private static YamlMappingNode Node(GeneratedService service, string vip) => new(
        "name", service.Name, "vip", vip, "protocol", "udp", "port",
            service.Port.ToString(CultureInfo.InvariantCulture),
        "pool", service.Pool, "networkProfile", service.Profile);

    private static string Name(YamlNode node) => Text(node, "name");

    private static string Text(YamlNode node, string key) => ((YamlScalarNode)node[key]).Value!;
}
