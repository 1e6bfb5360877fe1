using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Api;
using Sidestep.Cli.Contexts;
using Sidestep.Model;

namespace Sidestep.Cli;

/// <summary>Makes clients of directors.</summary>
internal static class DirectorConnection
{
    /// <summary>A client of a director.</summary>
    /// <exception cref="DirectorException">The certificates of the context cannot be used.</exception>
    internal static DirectorClient Open(DirectorTarget director) => director.Context is { } context ? Open(context)
        : DirectorClient.OnThisMachine(DirectorFiles.SocketPath(director.Node));

    /// <summary>A client of the director of a context.</summary>
    /// <exception cref="DirectorException">The certificates of the context cannot be used.</exception>
    internal static DirectorClient Open(DirectorContext context)
    {
        try
        {
            X509Certificate2Collection? authorities = null;
            if (context.Authorities is { } pem)
            {
                authorities = [];
                authorities.ImportFromPem(pem);
            }
            var certificate = context.CertFile is null ? null
                : X509Certificate2.CreateFromPemFile(context.CertFile, context.KeyFile);
            return DirectorClient.OfOperator(context.Server, context.Token, certificate, authorities);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new DirectorException($"context {context.Name}: the certificate cannot be used: {e.Message}", e);
        }
    }
}
