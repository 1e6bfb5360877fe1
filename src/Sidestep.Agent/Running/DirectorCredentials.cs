using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>The URLs of the directors, and the certificates by which agent and directors authenticate each
/// other.</summary>
/// <param name="Urls">Their APIs.</param>
/// <param name="Certificate">This server's certificate with its key.</param>
/// <param name="CaCertificates">The only authorities whose directors are trusted.</param>
/// <param name="Server">This server's name: the common name of the certificate.</param>
internal sealed record DirectorCredentials(IReadOnlyList<Uri> Urls, X509Certificate2 Certificate,
    X509Certificate2Collection CaCertificates, string Server)
{
    /// <returns>Null if there is a problem.</returns>
    public static DirectorCredentials? Read(RunOptions options, List<Problem> problems)
    {
        var before = problems.Count;
        var urls = new List<Uri>();
        foreach (var text in options.Directors)
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps)
                urls.Add(uri);
            else
            {
                problems.Add(new Problem("--director", text, "is not the URL of a director's API",
                    "Write it as in https://10.0.0.2:7443."));
            }
        }
        Require("--cert-file", options.CertFile, problems);
        Require("--key-file", options.KeyFile, problems);
        Require("--ca-file", options.CaFile, problems);
        if (problems.Count > before)
            return null;
        var certificate = Load(() => X509Certificate2.CreateFromPemFile(options.CertFile!, options.KeyFile!),
            "--cert-file", $"{options.CertFile} and {options.KeyFile}",
            "Name a certificate and its key, both in PEM form.", problems);
        var caCertificates = Load(() => ImportAuthorities(options.CaFile!), "--ca-file", options.CaFile!,
            "Name the certificate of the authority that issued the director's certificate, in PEM form.", problems);
        var name = certificate?.GetNameInfo(X509NameType.SimpleName, forIssuer: false) ?? "";
        if (certificate is not null && name.Length == 0)
        {
            problems.Add(new Problem("--cert-file", options.CertFile!, "has no common name",
                "Its common name must be the name of the real server in the director's configuration."));
        }
        return problems.Count > before ? null : new DirectorCredentials(urls, certificate!, caCertificates!, name);
    }

    /// <summary>A client for each director.</summary>
    public Directors Connect() => new(Server, [.. Urls.Select(u => (u.ToString(),
        (IDirectorApi)new RemoteDirector(DirectorClient.Remote(u, Certificate, CaCertificates))))]);

    private static void Require(string option, string? value, List<Problem> problems)
    {
        if (value is null)
        {
            problems.Add(new Problem(option, "", "is missing: director and agent authenticate each other (mutual TLS)",
                "Name a file in PEM form."));
        }
    }

    private static X509Certificate2Collection ImportAuthorities(string path)
    {
        X509Certificate2Collection collection = [];
        collection.ImportFromPemFile(path);
        return collection;
    }

    private static T? Load<T>(Func<T> load, string option, string value, string remedy, List<Problem> problems)
        where T : class
    {
        try
        {
            return load();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem(option, value, e.Message, remedy));
            return null;
        }
    }
}
