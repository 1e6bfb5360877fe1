using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Sidestep.Model.Schema;

/// <summary>Explains features of other load balancers that direct server return makes impossible, and sections of
/// earlier versions, so that their keys are not just unknown.</summary>
internal static partial class UnsupportedFeatures
{
    private const string OnlyRequests = "replies go straight from the server to the client, so the director";

    private static readonly Problem Stickiness = new(
        $"stickiness by cookie or session needs the reply: {OnlyRequests} cannot set a cookie",
        "Remove it; hashFields: source-address in the pool keeps a client on one server");

    private static readonly Problem Headers = new(
        $"header rules need a proxy: {OnlyRequests} neither terminates connections nor changes their content",
        "Remove it; the server sees the client's own address without any header");

    private static readonly Problem SynProxy = new(
        $"a SYN proxy or SYN cookies need the reply: {OnlyRequests} cannot continue a connection that it began for "
        + "the server",
        "Remove it and use the SYN cookies of the real servers: net.ipv4.tcp_syncookies=1");

    private static readonly Problem Proxy = new(
        $"proxying needs the reply: {OnlyRequests} forwards packets and terminates no connection",
        "Remove it, or run a proxy as the real server");

    private static readonly Problem Tls = new(
        $"TLS termination needs the reply: {OnlyRequests} is no endpoint of the connection",
        "Remove it and let the real servers terminate TLS");

    private static readonly Problem Http = new(
        $"HTTP needs a proxy: {OnlyRequests} forwards at layer 4 without reading HTTP",
        "Remove it, or run an HTTP proxy as the real server");

    private static readonly Problem Translation = new(
        "address translation needs the reverse translation of the reply, and with direct server return no reply passes "
        + "the director",
        "Remove it; the server sees the client's address and replies with the VIP as source");

    private static readonly Problem PortTranslation = new(
        "port translation is impossible: the reply goes straight to the client, which would see the wrong port",
        "Remove it and let the real servers listen on the port of the service");

    private static readonly Problem Content = new(
        $"compression, caching and rewriting need the reply: {OnlyRequests} never sees one",
        "Remove it, or do it on the real servers");

    private static readonly Problem Health = new(
        "monitors are written once, in the section healthMonitors of the document, and pools name them",
        "Write them there, and their names in the key monitors of the pool");

    private static readonly Problem Divided = new(
        "the section director was divided into node and group",
        "Write name, engine, interfaces, onExit, pinPath, api, metrics, otlp and management in the section node, "
        + "and hashKey, peers, "
        + "flowTableSize and conflictDetection in the section group");

    private static readonly FrozenDictionary<string, Problem> ByKeyToken = Table(
        (Divided, "director"),
        (Stickiness, "cookie cookies sticky stickiness persist persistence persistent affinity"),
        (Headers, "header headers xff forwarded"),
        (SynProxy, "syn synproxy syncookie syncookies"),
        (Proxy, "proxy multiplex multiplexing tcpproxy proxyprotocol"),
        (Tls, "tls ssl certificate certificates cert sni alpn"),
        (Http, "http https http2 url uri redirect redirects waf l7"),
        (Translation, "nat snat dnat masquerade sourcenat autosnat"),
        (PortTranslation, "targetport serverport backendport porttranslation"),
        (Content, "compression compress gzip cache caching rewrite rewrites"),
        (Health, "health healthcheck healthchecks monitor monitors healthmonitor healthmonitors"));

    private static readonly FrozenDictionary<string, Problem> ByValueToken = Table(
        (Stickiness, "cookie"),
        (Http, "http https http2 l7"),
        (Tls, "tls ssl"),
        (Translation, "nat snat dnat masquerade"),
        (Proxy, "tcpproxy"));

    /// <summary>Why a key of this name is impossible; null if there is no special explanation.</summary>
    public static Problem? ForKey(string key) => Find(ByKeyToken, key);

    /// <summary>Why this value of a choice is impossible; null if there is no special explanation.</summary>
    public static Problem? ForValue(string value) => Find(ByValueToken, value);

    private static Problem? Find(FrozenDictionary<string, Problem> table, string text)
    {
        if (text.Length > Limits.NameLength)
            return null;
        var tokens = Tokens().Matches(text).Select(m => m.Value.ToLowerInvariant()).ToList();
        // The whole name first: tcpProxy is about proxies and targetPort about ports, but neither word alone shows
        // that.
        if (table.TryGetValue(string.Concat(tokens), out var problem))
            return problem;
        foreach (string word in tokens)
        {
            if (table.TryGetValue(word, out problem))
                return problem;
        }
        return null;
    }

    private static FrozenDictionary<string, Problem> Table(params (Problem Problem, string Tokens)[] rows)
    {
        var table = new Dictionary<string, Problem>();
        foreach (var (problem, tokens) in rows)
        {
            foreach (string word in tokens.Split(' '))
                table.Add(word, problem);
        }
        return table.ToFrozenDictionary();
    }

    // Splits headerRules, header_rules, SYNProxy and snat-pool into words.
    [GeneratedRegex("[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Tokens();
}
