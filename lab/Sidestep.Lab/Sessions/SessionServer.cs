using System.Net;
using System.Net.Sockets;

namespace Sidestep.Lab.Sessions;

/// <summary>Answers requests on any number of sessions until their clients close them.</summary>
internal static class SessionServer
{
    // Larger than the number of connections that any run opens at once, so that the kernel drops no SYN.
    private const int Backlog = 4096;

    public static async Task ServeAsync(IPEndPoint listen, ServerInstance server, CancellationToken cancel)
    {
        using var listener = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(listen);
        listener.Listen(Backlog);
        while (!cancel.IsCancellationRequested)
            _ = RespondAsync(await listener.AcceptAsync(cancel), server, cancel);
    }

    private static async Task RespondAsync(Socket session, ServerInstance server, CancellationToken cancel)
    {
        using var owned = session;
        try
        {
            session.NoDelay = true;
            var request = new byte[SessionWire.RequestLength];
            var response = new byte[SessionWire.ResponseLength];
            while (await SessionSocket.ReceiveAllAsync(session, request, cancel))
            {
                SessionWire.WriteResponse(response, request, server);
                await session.SendAsync(response, cancel);
            }
            session.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The client reports the break; the server has nothing to add.
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }
}
