using System.Globalization;
using System.Net;
using Sidestep.Lab.Topologies;
using YamlDotNet.RepresentationModel;

namespace Sidestep.Lab.Scenarios;

/// <summary>
/// The director's YAML file, edited as an operator would: servers and services come and go, and a server's weight and state
/// change. The topology's folder names all that there can be; what is written is that, less who is out.
/// </summary>
internal sealed class DirectorFile
{
    private readonly string _path;
    private readonly string _original;
    private readonly GeneratedServices? _generated;
    private int _rotations;
    private readonly HashSet<string> _absent = [];
    private readonly Dictionary<(string Server, string Key), string> _changed = [];

    /// <param name="generated">Services that are in beside those that the file names.</param>
    public DirectorFile(string path, GeneratedServices? generated = null)
    {
        _path = path;
        _generated = generated;
        _original = File.ReadAllText(path);
        var document = Load();
        Servers = [.. ServersOf(document).Select(s => Name(s.Server))];
        Services = [.. ServicesOf(document).Select(Name)];
    }

    /// <summary>The servers that the folder's file names, of all pools.</summary>
    public IReadOnlyList<string> Servers { get; }

    /// <summary>The services that the folder's file names.</summary>
    public IReadOnlyList<string> Services { get; }

    /// <summary>These servers are in, as the folder's file has them, and no others.</summary>
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

    /// <summary>A server or service is in, as the folder's file has it.</summary>
    public void Add(string name)
    {
        Check(name, [.. Servers, .. Services]);
        _absent.Remove(name);
        foreach (var change in _changed.Keys.Where(c => c.Server == name).ToArray())
            _changed.Remove(change);
    }

    /// <summary>A server or service is not in the file.</summary>
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

    /// <summary>The crowd is another one.</summary>
    /// <returns>The names of all services that are in now.</returns>
    public IReadOnlySet<string> RotateGeneratedServices()
    {
        if (_generated is null)
            throw new LabException($"{_path}: the topology has no crowd to change.");
        _rotations++;
        return _generated.After(_rotations).Select(s => s.Name).Concat(Services.Except(_absent)).ToHashSet();
    }

    /// <returns>ADDRESS:PORT of a service, which names one VIP and one port.</returns>
    public string Endpoint(string service)
    {
        Check(service, Services);
        var found = ServicesOf(Load()).First(s => Name(s) == service);
        return new IPEndPoint(IPAddress.Parse(Text(found, "vip")), int.Parse(Text(found, "port"), CultureInfo.InvariantCulture)).ToString();
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
        "name", service.Name, "vip", vip, "protocol", "udp", "port", service.Port.ToString(CultureInfo.InvariantCulture),
        "pool", service.Pool, "networkProfile", service.Profile);

    private static string Name(YamlNode node) => Text(node, "name");

    private static string Text(YamlNode node, string key) => ((YamlScalarNode)node[key]).Value!;
}
